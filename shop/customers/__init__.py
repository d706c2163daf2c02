"""Who buys: a customer, the accounts they write from, their addresses."""
