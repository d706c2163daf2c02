"""Events in once, turns in order, messages out at least once: see docs/architecture.md."""
