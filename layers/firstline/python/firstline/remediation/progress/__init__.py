"""The progress update of an open incident: the fleet's state, the action, and the next event."""
