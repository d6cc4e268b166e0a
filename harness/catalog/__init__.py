"""The catalog finds scenarios in folders, loads them, and digests all that their trials and verdicts depend on."""
