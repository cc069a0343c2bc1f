"""The price of firstline, item by item."""
