"""Reads documents of any kind the merchant has: one file a format; all of them end as passages under headings."""
