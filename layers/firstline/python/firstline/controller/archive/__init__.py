"""The ledger's archive: filled, read, audited, with its reports."""
