"""Faults that are brought about, and what the program does then."""
