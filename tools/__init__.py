"""Programs for a checkout: they make documents and run benches, and never ship."""
