"""Monitoring: alarms, probes, metrics and the cost of AWS calls."""
