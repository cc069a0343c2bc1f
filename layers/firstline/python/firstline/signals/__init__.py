"""From an envelope to an incident."""
