"""The whole command line, driven as a user would, against a toy server with one release for every verdict."""
