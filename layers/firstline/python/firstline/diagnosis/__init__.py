"""The state of a host and of the fleet around it: evidence, health checks, external events."""
