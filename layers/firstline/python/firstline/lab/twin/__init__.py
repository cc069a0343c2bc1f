"""A model of the fleet, in two forms: behind boto3 for replay, behind the ports for tests."""
