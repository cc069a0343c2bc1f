"""Reports for people: timelines, summaries, post-mortems, the console."""
