"""Computations on ledger records: pure functions of values, without input or output."""
