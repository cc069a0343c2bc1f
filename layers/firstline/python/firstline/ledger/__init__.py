"""The record: entries, their chain, its export, archive and verifier."""
