"""Coupons: what they take off, for whom and until when, and who has used them."""
