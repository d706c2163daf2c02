"""Kettle & Quay, the shop that the demo runs: products, pictures, documents and two group deals, all data."""
