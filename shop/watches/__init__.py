"""Who waits for something to be in stock again."""
