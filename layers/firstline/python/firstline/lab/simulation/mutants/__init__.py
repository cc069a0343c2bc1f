"""Planted bugs: hand-written faults that the invariants must detect."""
