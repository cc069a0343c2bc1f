"""What people read afterwards: timelines, summaries, statistics, reports, drills, the console."""
