"""The ledger's archive: fill it, audit it, and write reports into it."""
