"""Parcels: what of an order left the shop, with whom, and when it arrived."""
