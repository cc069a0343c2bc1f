"""PagerDuty's APIs over HTTP: events, changes and notes."""
