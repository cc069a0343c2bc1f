"""The append-only record: typed entries, their hash chain, export, archive and verifier."""
