"""What people read afterwards: timelines, summaries, reports, the console."""
