"""Operator commands: their JSON form, and their execution."""
