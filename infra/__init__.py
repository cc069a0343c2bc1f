"""The stacks, written with the CDK."""
