"""Invoices and receipts: their numbers, and how they look on paper."""
