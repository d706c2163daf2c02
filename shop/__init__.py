"""The business: catalogue, customers, cart, orders, money; rules and SQL, no network, no wording."""
