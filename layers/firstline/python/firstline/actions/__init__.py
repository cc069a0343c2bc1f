"""The catalogue: one file for each look or fix."""
