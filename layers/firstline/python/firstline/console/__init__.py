"""The console: open incidents, timelines, what waits for a person, as HTML without JavaScript."""
