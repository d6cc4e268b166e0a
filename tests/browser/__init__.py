"""Generated pages in a real browser."""
