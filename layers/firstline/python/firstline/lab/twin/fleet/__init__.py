"""The fleet of the twin: hosts and their units, the group, alarms and what is around them."""
