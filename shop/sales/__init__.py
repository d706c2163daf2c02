"""Prices that hold for a while."""
