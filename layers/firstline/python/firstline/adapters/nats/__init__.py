"""The probe of NATS: its connection, its questions, and the outcome of a failure."""
