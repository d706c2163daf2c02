"""Money from outside: Stripe, Telegram invoices, settlement and refunds. Nothing here waits inside a transaction."""
