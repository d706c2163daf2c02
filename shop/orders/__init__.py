"""Orders: placed, paid, packed, shipped, delivered; or cancelled, expired."""
