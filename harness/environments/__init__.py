"""An environment is the interpreter and the exact packages that a cell runs in; each platform has one backend."""
