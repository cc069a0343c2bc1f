"""The benches, as one table."""
