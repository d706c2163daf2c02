"""What people do at the sandbox's Stripe: pay with this card or that, approve, refuse, walk away."""

from dataclasses import dataclass
from typing import Final

from sandbox.stripe import checkout, checks, discounts, intents, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.cards import BY_NICKNAME, BY_NUMBER, Card, passes_check_digit
from sandbox.stripe.errors import JSON, StripeError, invalid, no_such
from sandbox.stripe.model import CheckoutSession, IntentStatus, SessionStatus

ABANDON: Final = "abandon"
REFUSED_3DS: Final = "three_d_secure_refused"
ABANDONED_3DS: Final = "three_d_secure_abandoned"
# What people answer their bank when it asks; everybody else approves.
_ANSWERS: Final = {REFUSED_3DS: "refuse", ABANDONED_3DS: "leave"}
SAMPLE_ADDRESS: Final[JSON] = {
    "city": "Dublin",
    "country": "IE",
    "line1": "1 Sample Street",
    "line2": None,
    "postal_code": "D02 X285",
    "state": None,
}


class CardDeclined(Exception):  # noqa: N818 - it is the bank's answer, not a fault
    """The bank said no; `code` is the decline code, such as insufficient_funds."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True)
class Outcome:
    """How a visit to the pay page ended.

    `session` is the session's status, `code` and `message` say why nothing was paid, and `redirect_url` is where the
    browser went (success or cancel page), None when it stayed on the pay page.
    """

    paid: bool
    session: str
    code: str | None = None
    message: str | None = None
    redirect_url: str | None = None


@dataclass(frozen=True)
class People:
    """The customers of one account."""

    account: Account

    def pay(
        self,
        session_id: str,
        card: str = "visa",
        *,
        email: str = "",
        name: str = "Sandbox Customer",
        phone: str = "",
        promotion_code: str = "",
    ) -> Outcome:
        """Submit the pay page once. `card` is a nickname of cards.BY_NICKNAME, a card number, "abandon" (leaves the
        page), "three_d_secure_refused" or "three_d_secure_abandoned" (leaves the bank's page; the session stays
        open and its payment requires_action); "three_d_secure" approves. Raises StripeError for an unknown session
        or a code that does not count, ValueError for an unknown card.
        """
        session = self.account.sessions.get(session_id)
        if session is None:
            raise no_such("checkout.session", session_id, param="session")
        chosen = None if card == ABANDON else _card(card)
        if session.status != SessionStatus.OPEN:
            return Outcome(False, session.status, f"session_{session.status}", "This visit is over.")
        if chosen is None:
            return Outcome(
                False, session.status, "abandoned", "The customer left.", redirect_url=session.cancel_url
            )
        if promotion_code:
            checkout.type_code(self.account, session, promotion_code)
        gone = discounts.recheck(self.account, session)
        if gone is not None:
            return Outcome(False, session.status, "discount_gone", gone.message)
        return self._finish(session, chosen, card, self._customer(session, email, name, phone))

    def _finish(self, session: CheckoutSession, chosen: Card, card: str, customer: JSON) -> Outcome:
        if session.total == 0:
            checkout.finish_without_payment(self.account, session, customer)
            return Outcome(True, session.status, redirect_url=checkout.return_url(session))
        error = self._submit(session, chosen, customer, answer=_ANSWERS.get(card, "approve"))
        if error is not None:
            return Outcome(False, session.status, error.decline_code or error.code, error.message)
        if session.status == SessionStatus.OPEN:
            return Outcome(False, session.status, "abandoned", "The customer left the bank's page.")
        return Outcome(True, session.status, redirect_url=checkout.return_url(session))

    def _customer(self, session: CheckoutSession, email: str, name: str, phone: str) -> JSON:
        wants_address = session.settings.get("shipping_address_collection") is not None
        if wants_address:
            session.shipping_details = {"address": dict(SAMPLE_ADDRESS), "name": name}
        return rendering.customer_details(
            email=rendering.known_email(self.account, session) or email or "customer@example.com",
            name=name,
            phone=phone or ("+353870000000" if session.settings.get("phone_number_collection") else None),
            address=dict(SAMPLE_ADDRESS) if wants_address else {**rendering.NO_ADDRESS, "country": "IE"},
        )

    def _submit(
        self, session: CheckoutSession, card: Card, customer: JSON, *, answer: str
    ) -> StripeError | None:
        method = intents.new_payment_method(
            self.account, card.payment_method, email=customer["email"], name=customer["name"]
        )
        error = checkout.pay(self.account, session, method, customer)
        intent = self.account.intents[session.payment_intent or ""]
        if intent.status == IntentStatus.REQUIRES_ACTION and answer != "leave":
            error = checkout.authenticate(self.account, intent, approved=answer == "approve")
        return error

    def charge(self, amount_minor: int, currency: str, card: str, description: str) -> str:
        """See StripeWorld.charge."""
        intent = intents.create(
            self.account,
            amount=amount_minor,
            currency=checks.check_currency(currency, "currency"),
            capture_method="automatic",
            description=description,
        )
        method = intents.new_payment_method(self.account, _card(card).payment_method)
        error = intents.confirm(self.account, intent, method)
        if error is None and intent.status == IntentStatus.REQUIRES_ACTION:
            # Telegram's form waits for the bank: who leaves its page has refused.
            error = intents.authenticate(self.account, intent, approved=card not in _ANSWERS)
        if error is not None:
            raise CardDeclined(error.decline_code or error.code or "card_declined", error.message)
        assert intent.latest_charge is not None
        return intent.latest_charge


def _card(name: str) -> Card:
    """A card by nickname or number."""
    if name in _ANSWERS:
        return BY_NICKNAME["three_d_secure"]
    card = BY_NICKNAME.get(name) or BY_NUMBER.get(name)
    if card is None:
        raise ValueError(
            f"{name!r} is no test card; there are {', '.join(BY_NICKNAME)}, {', '.join(_ANSWERS)} and {ABANDON}"
        )
    return card


def typed_card(number: str) -> Card:
    """The card of a number that someone typed. Raises what Stripe's own form says to a wrong one."""
    digits = "".join(character for character in number if character.isdigit())
    card = BY_NUMBER.get(digits)
    if card is not None:
        return card
    if not 12 <= len(digits) <= 19 or not passes_check_digit(digits):
        raise StripeError(402, "card_error", "Your card number is incorrect.", code="incorrect_number")
    raise invalid(
        "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test "
        "cards, visit: https://stripe.com/docs/testing.",
        code="card_declined",
    )
