"""A game day: what it must come to, and what came."""
