"""What ``firstline doctor`` reads of an account; each method is one kind of request."""
