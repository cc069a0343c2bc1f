"""The console: open incidents, timelines and pending approvals, as values."""
