"""Stripe as the shop sees it: the HTTP API, signed webhooks and the page people pay on, with no money behind.

Only what a shop with one-time payments uses is here, and that strictly: what the real API refuses is refused
here, in its words. A parameter that Stripe knows and this emulator does not honour is refused too, and says so.
"""

from sandbox.stripe.app import create_app
from sandbox.stripe.people import CardDeclined
from sandbox.stripe.world import StripeWorld

__all__ = ["CardDeclined", "StripeWorld", "create_app"]
