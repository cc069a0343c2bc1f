"""The rules of `decide`, by what they lead to."""
