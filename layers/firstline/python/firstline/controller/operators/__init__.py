"""What operators ask for, and what comes of it."""
