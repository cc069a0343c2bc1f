"""The past again: recorded incidents, decided anew by the same code, or by another policy."""
