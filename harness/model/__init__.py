"""Pure values and rules: what a scenario, a matrix, a cell, evidence and a verdict are. No I/O, no clock."""
