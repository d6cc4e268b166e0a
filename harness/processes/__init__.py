"""Programs started on this machine, followed to the end of all that they start, and what they print."""
