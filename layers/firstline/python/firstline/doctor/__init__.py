"""Checkup: the checks that hold a profile against the account; facts in, findings out."""
