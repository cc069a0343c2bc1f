"""The twin of the fleet, the simulation, and recorded incidents decided again."""
