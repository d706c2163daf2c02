"""A language model outside may propose commands and wording; nothing it says counts before it is checked here."""
