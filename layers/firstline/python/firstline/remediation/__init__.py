"""Whether to act, and how."""
