"""The HTML of reports and of the console: Jinja with one palette; no page waits for it."""
