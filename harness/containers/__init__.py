"""Containers: the engine, what runs in its containers, and what killed runs left on it.

`Engine` is one engine that speaks Docker's API, `Contained` is a server in a container, and `leftovers` finds what
carries the label of a run. The Docker SDK is imported when an engine is first asked for, since most calls need no
engine.
"""

NOTE = "engine"  # the file in a run's folder that says which engine the run has used
