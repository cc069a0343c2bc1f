"""The incident and its one transition table; approvals, response targets, demotions."""
