"""What flow steps call, one file a topic: they find facts and name an outcome; flows choose the words."""
