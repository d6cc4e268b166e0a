"""What cleans up after a run, however it ends."""
