"""Progress: where an incident stands, in the words of an update."""
