"""One file per look or fix."""
