"""Guards: reasons not to act. Each is evaluated every time, and every answer is recorded."""
