"""Notifications: pages, updates, and the result of a delivery. No vendor's wire format."""
