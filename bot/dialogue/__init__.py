"""The pure core: what was understood becomes commands, commands move flows, flows choose words."""
