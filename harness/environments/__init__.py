"""Environments: an interpreter and the exact dependency set that a cell runs in, one backend per platform."""
