"""Notifiers: one module each, named by the channels that it delivers.

A module has ``notifier(context)``, which returns a `Notifier`. To add one, add its file, and name
it in the ``[routes]`` of a fleet file.
"""
