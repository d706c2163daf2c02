"""`parley doctor`: looks at everything a shop needs to run for real, and says what to do about what it finds."""
