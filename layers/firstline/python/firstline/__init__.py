"""Auto-remediation for a fleet of Nitro Enclave hosts; start reading at `controller/`."""
