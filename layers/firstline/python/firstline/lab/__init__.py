"""The twin of the fleet, the simulation, and the re-deciding of recorded incidents."""
