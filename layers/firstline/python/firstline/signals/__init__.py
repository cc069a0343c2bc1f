"""From an envelope to an incident: parsers, rules, classification, correlation, storms."""
