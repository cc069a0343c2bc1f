"""The console: open incidents, timelines and what waits for a person, as values."""
