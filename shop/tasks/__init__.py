"""What a person has to look at: opened by what happened, closed by staff or by what happened next."""
