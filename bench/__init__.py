"""Comparisons that need more than Parley installs."""
