"""Goods that come back: asked for, approved or refused, received, and paid back."""
