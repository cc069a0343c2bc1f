"""Whether to act, and how: decisions, guards, plans, limits, verification, hand-over."""
