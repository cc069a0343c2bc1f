"""What firstline watches and measures: alarms, probes, metrics and the price of calls."""
