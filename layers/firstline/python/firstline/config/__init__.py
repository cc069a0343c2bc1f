"""What an operator sets, and what the environment says."""
