"""Renderings that need a library: what a report looks like. Nothing on a page's way imports it."""
