"""What a call means: options, matrices and what is at hand become cells."""
