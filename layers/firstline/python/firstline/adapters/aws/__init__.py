"""One file for each AWS service or port."""
