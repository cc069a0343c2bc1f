"""Calls to the AWS account of a deployment, with a person's credentials."""
