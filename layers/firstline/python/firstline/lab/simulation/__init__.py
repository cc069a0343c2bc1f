"""Deterministic simulation of the controller against a failing fleet."""
