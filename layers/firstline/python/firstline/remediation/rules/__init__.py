"""The rules of `decide`, one module for each kind of step."""
