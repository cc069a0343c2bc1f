"""The cost of firstline, item by item."""
