"""From an envelope to a `Signal`: one parser per source."""
