"""From verdicts to what they mean: histories, their boundaries' causes, and whether a document was right. Pure."""
