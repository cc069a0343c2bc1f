"""The twin, the simulation and recorded incidents decided again; never in Lambda."""
