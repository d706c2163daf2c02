"""What the pages show, read in one go into plain values: nothing of the database outlives its session."""
