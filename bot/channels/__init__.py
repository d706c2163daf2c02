"""Where people are: one file a messenger, all behind the port."""
