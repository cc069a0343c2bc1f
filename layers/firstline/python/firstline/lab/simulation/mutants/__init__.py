"""Planted bugs: hand-written faults, each of which an invariant must detect."""
