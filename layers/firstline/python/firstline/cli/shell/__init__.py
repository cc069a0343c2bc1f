"""What a shell asks while a command line is typed."""
