"""From verdicts to what they mean: histories, what caused their boundaries, whether a document was right. Pure."""
