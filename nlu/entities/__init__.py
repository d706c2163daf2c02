"""Entities: the pieces of a message that name something. One file a kind; words of a language are data."""
