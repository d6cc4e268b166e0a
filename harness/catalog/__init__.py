"""The scenarios there are: found in folders, loaded, and digested with all that their trials and verdicts depend on."""
