"""Survey of an account for a fleet that has no file yet, and the file made of it."""
