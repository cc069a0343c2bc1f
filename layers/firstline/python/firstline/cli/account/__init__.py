"""A person's calls to the deployed account."""
