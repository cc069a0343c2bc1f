"""From a situation to a decision: rules, guards, ladder, limits, execution, verification."""
