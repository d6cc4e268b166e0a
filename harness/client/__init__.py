"""What a scenario says to a server: connections that record all of it, within bounds of bytes and time."""
