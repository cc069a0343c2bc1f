"""The checks of a profile against the account, and what they read of it."""
