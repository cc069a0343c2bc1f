"""Deterministic simulation of the remediator against a failing fleet."""
