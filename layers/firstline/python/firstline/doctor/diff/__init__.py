"""Diff: the changes that a deployment makes to the deployed stacks, and the losses among them."""
