"""The readers of an account's facts; each method makes one kind of request."""
