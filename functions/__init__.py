"""Lambda entry points: decode, call one function, encode."""
