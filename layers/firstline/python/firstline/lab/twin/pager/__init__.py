"""The PagerDuty of the twin: its two APIs, and the alerts that they lead to."""
