"""The report of an incident (R39 to R43): made of its chain alone, by functions of values."""
