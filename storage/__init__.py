"""The database: engine, sessions, base types and migrations; knows nothing of the shop."""
