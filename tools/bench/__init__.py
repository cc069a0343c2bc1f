"""The benches and their table."""
