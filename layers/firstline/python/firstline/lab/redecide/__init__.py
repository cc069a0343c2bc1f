"""Re-decide recorded incidents, by the same code or under another policy."""
