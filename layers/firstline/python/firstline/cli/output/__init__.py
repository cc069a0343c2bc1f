"""Output of the commands: JSON documents and terminal text."""
