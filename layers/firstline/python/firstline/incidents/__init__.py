"""The incident and its lifecycle."""
