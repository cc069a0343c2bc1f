"""Guards: reasons not to act. Each is asked every time, and every answer is kept."""
