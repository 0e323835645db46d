"""Who has which piece, and which block to ask for next."""
