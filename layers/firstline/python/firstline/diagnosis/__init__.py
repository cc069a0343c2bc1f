"""What is true of a host, and what is known around it."""
