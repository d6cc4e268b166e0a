"""The documentation is true: its links lead somewhere, its calls are calls, its examples do what they show."""
