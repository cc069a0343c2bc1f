"""A drill: its expectations and its results."""
