"""What is known: the journal of a results folder, documents that were published, and what comes from elsewhere."""
