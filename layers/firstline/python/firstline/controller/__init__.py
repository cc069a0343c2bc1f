"""The imperative core: ingest, reconcile, sweep. Start reading at ``reconcile.py``."""
