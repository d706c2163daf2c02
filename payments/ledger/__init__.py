"""The shop's own books: double entry, append-only, in integer minor units.

model.py     accounts and postings           audit.py       proof that the books agree with what happened
posting.py   what each happening posts       statements.py  the books of an order and of a day, to read
"""
