"""Diff: what a deployment would change of the deployed stacks, and what would be lost by it."""
