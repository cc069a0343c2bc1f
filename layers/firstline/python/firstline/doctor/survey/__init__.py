"""Survey: what an account shows of a fleet that has no file yet, and the file made of it."""
