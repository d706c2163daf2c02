"""Checkout Sessions: a visit to the pay page, finished by the customer, the shop or the clock.

https://docs.stripe.com/payments/checkout/how-checkout-works. How one is opened: checkout_form.py.
"""

from typing import Any

from sandbox.stripe import customers, discounts, intents, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.checkout_form import check_total
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.model import (
    CheckoutSession,
    IntentStatus,
    PaymentIntent,
    PaymentMethod,
    SessionStatus,
)


def expire(account: Account, session: CheckoutSession) -> None:
    """The shop closes the visit before it is paid."""
    if session.status != SessionStatus.OPEN:
        raise invalid(
            "Only Checkout Sessions with a status in ['open'] can be expired. This Checkout Session has a status "
            f"of {session.status}.",
            param="session",
        )
    _close(account, session)


def run_out(account: Account, session: CheckoutSession) -> None:
    """The clock closes the visit; nothing happens to one that is over already."""
    if session.status == SessionStatus.OPEN:
        _close(account, session)


def _close(account: Account, session: CheckoutSession) -> None:
    session.move(SessionStatus.EXPIRED)
    account.sessions.save(session)
    intent = account.intents.get(session.payment_intent or "")
    if intent is not None:
        intents.cancel(account, intent, "expired")
    account.emit("checkout.session.expired", rendering.checkout_session(account, session))


def pay(
    account: Account, session: CheckoutSession, method: PaymentMethod, customer: dict[str, Any]
) -> StripeError | None:
    """The customer submits the page with a card; `customer` is rendering.customer_details.

    The error is why the bank said no, and the session stays open for another card. Without one the session is
    complete, or its payment requires_action. Raises if the session is over.
    """
    _check_open(session)
    session.customer_details = customer
    error = intents.confirm(account, _intent_of(account, session), method)
    account.sessions.save(session)
    complete_if_paid(account, session)
    return error


def finish_without_payment(account: Account, session: CheckoutSession, customer: dict[str, Any]) -> None:
    """The customer submits a page that asks for nothing: no card, no payment
    (https://docs.stripe.com/payments/checkout/no-cost-orders). Raises if the session is over, or costs something.
    """
    _check_open(session)
    if session.total:
        raise invalid("This Checkout Session has to be paid.", param="session")
    session.customer_details = customer
    _complete(account, session)


def _check_open(session: CheckoutSession) -> None:
    if session.status != SessionStatus.OPEN:
        raise invalid(f"This Checkout Session is {session.status}.", param="session")


def type_code(account: Account, session: CheckoutSession, code: str) -> None:
    """The customer takes a promotion code to the page; an empty one takes it off again. Raises why it does not count."""
    _check_open(session)
    if not session.settings.get("allow_promotion_codes"):
        raise invalid("This Checkout Session takes no promotion codes.", param="promotion_code")
    before, session.discount = session.discount, None
    try:
        if code.strip():
            discounts.apply_typed(account, session, code)
            check_total(session)
    except StripeError:
        session.discount = before
        raise
    reprice(account, session)


def reprice(account: Account, session: CheckoutSession) -> None:
    """The total is another now: a payment that was already tried is for it, and what the bank was asked is void."""
    account.sessions.save(session)
    intent = account.intents.get(session.payment_intent or "")
    if intent is not None and intent.amount != session.total:
        intents.reprice(account, intent, session.total)


def _intent_of(account: Account, session: CheckoutSession) -> PaymentIntent:
    """The visit's payment, made when a card is first tried (https://docs.stripe.com/upgrades#2022-08-01)."""
    if session.payment_intent is not None:
        intent = account.intents[session.payment_intent]
        intent.amount = session.total
        intent.customer = session.customer
        return intent
    fields: dict[str, Any] = {"receipt_email": None, "shipping": session.shipping_details}
    intent = intents.create(
        account,
        amount=session.total,
        currency=session.currency,
        checkout_session=session.id,
        customer=session.customer,
        return_url=rendering.pay_url(account, session),
        **{**fields, **session.intent_parameters},
    )
    session.payment_intent = intent.id
    return intent


def authenticate(account: Account, intent: PaymentIntent, *, approved: bool) -> StripeError | None:
    """The customer answered their bank, from the pay page or from a shop's own."""
    error = intents.authenticate(account, intent, approved=approved)
    if intent.checkout_session is not None:
        complete_if_paid(account, account.sessions[intent.checkout_session])
    return error


def complete_if_paid(account: Account, session: CheckoutSession) -> None:
    """Close the visit once its payment has gone through or is authorised."""
    intent = account.intents[session.payment_intent or ""]
    if intent.status not in (IntentStatus.SUCCEEDED, IntentStatus.REQUIRES_CAPTURE):
        return
    _complete(account, session)


def _complete(account: Account, session: CheckoutSession) -> None:
    session.move(SessionStatus.COMPLETE)
    discounts.redeem(account, session)
    _make_customer(account, session)
    account.sessions.save(session)
    account.emit("checkout.session.completed", rendering.checkout_session(account, session))


def _make_customer(account: Account, session: CheckoutSession) -> None:
    """When the shop wants one, and always when nothing was paid: "guest customers aren't supported" then."""
    wanted = session.settings.get("customer_creation") == "always" or session.payment_intent is None
    if session.customer is not None or not wanted:
        return
    session.customer = customers.from_visit(account, session.customer_details or {}).id
    intent = account.intents.get(session.payment_intent or "")
    if intent is not None and intent.latest_charge is not None:
        intent.customer = session.customer
        account.intents.save(intent)
        charge = account.charges[intent.latest_charge]
        charge.customer = session.customer
        account.charges.save(charge)


def return_url(session: CheckoutSession) -> str:
    """Where the customer goes after paying (https://docs.stripe.com/payments/checkout/custom-success-page)."""
    return session.success_url.replace("{CHECKOUT_SESSION_ID}", session.id)
