"""What firstline measures."""
