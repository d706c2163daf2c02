"""Where a provider call goes: to Stripe, or to nobody, where money came in cash or by transfer."""

from payments.refunds import BY_HAND
from payments.stripe_gateway import StripeGateway
from shop.errors import Rejected, Unavailable
from storage.types import JsonObject


class ProviderCalls:
    """Makes the calls that turns asked for; fills the port of delivery's outbox."""

    def __init__(self, stripe: StripeGateway | None) -> None:
        self._stripe = stripe

    async def make(self, call: str, arguments: JsonObject, key: str) -> JsonObject:
        """The provider's object. Raises Rejected where only staff can do it, and Unavailable without keys: then it waits for them."""
        if BY_HAND in arguments:
            raise Rejected("it came in cash or by bank transfer, and goes back the same way")
        if self._stripe is None:
            raise Unavailable(
                f"Stripe is not set up (PARLEY_STRIPE_KEY): cannot {call}", retry_after_seconds=60.0
            )
        return await self._stripe.call(call, arguments, key)
