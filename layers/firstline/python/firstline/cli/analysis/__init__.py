"""What commands work out of the ledger's records: values in, values out, as in the core."""
