"""What people read afterwards: timelines, summaries, reports, drills, the console."""
