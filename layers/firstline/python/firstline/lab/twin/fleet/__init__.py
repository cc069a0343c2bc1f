"""The twin's fleet: hosts and their units, the group, its alarms, and its environment."""
