"""Payments: from the wish to pay, over cards that say yes or no, to captured, cancelled or lapsed.

The life cycle is https://docs.stripe.com/payments/paymentintents/lifecycle; model.INTENT_MOVES is its table.
"""

from typing import Any

from sandbox.stripe import charges, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.cards import BY_PAYMENT_METHOD
from sandbox.stripe.errors import JSON, StripeError, documentation_of, invalid, unexpected_state
from sandbox.stripe.model import Charge, IntentStatus, PaymentIntent, PaymentMethod

RAISES_MAX = 10  # attempts, https://docs.stripe.com/api/payment_intents/increment_authorization

_LATER_THAN_CONFIRMATION = {IntentStatus.REQUIRES_CAPTURE, IntentStatus.SUCCEEDED, IntentStatus.CANCELED}


def create(account: Account, *, amount: int, currency: str, **fields: Any) -> PaymentIntent:
    """A new payment, not yet tried. `fields` are the model's."""
    intent_id = account.new_id("pi_")
    intent = PaymentIntent(
        id=intent_id,
        created=account.now(),
        amount=amount,
        currency=currency,
        client_secret=f"{intent_id}_secret_{account.new_id('')}",
        **fields,
    )
    account.intents.save(intent)
    account.emit("payment_intent.created", rendering.payment_intent(intent))
    return intent


def new_payment_method(
    account: Account, card: str, *, email: str | None = None, name: str | None = None
) -> PaymentMethod:
    """The test card of that API name, in a customer's hand."""
    method = PaymentMethod(id=account.new_id("pm_"), created=account.now(), card=card, email=email, name=name)
    return account.payment_methods.save(method)


def check_payment_method(account: Account, name: str) -> None:
    """Raises unless an API request may pay with that: one of Stripe's test cards."""
    if name in BY_PAYMENT_METHOD:
        return
    if account.payment_methods.get(name) is not None:
        raise invalid(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, "
            "shared with a connected account without Customer attachment, or was detached from a Customer. It may "
            "not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.",
            param="payment_method",
        )
    raise invalid(f"No such PaymentMethod: '{name}'", param="payment_method", code="resource_missing")


def attach(account: Account, intent: PaymentIntent, method: PaymentMethod) -> None:
    """Say with what it shall be paid, without trying yet."""
    intent.payment_method = method.id
    if intent.status != IntentStatus.REQUIRES_CONFIRMATION:
        intent.move(IntentStatus.REQUIRES_CONFIRMATION)
    account.intents.save(intent)


def check_confirmable(intent: PaymentIntent) -> None:
    """Raises what Stripe answers to a confirmation that comes too late."""
    if intent.status == IntentStatus.SUCCEEDED:
        message = "because it has already succeeded after being previously confirmed."
    elif intent.status in _LATER_THAN_CONFIRMATION:
        message = (
            f"because it has a status of {intent.status}. Only a PaymentIntent with one of the following statuses "
            "may be confirmed: requires_confirmation, requires_action."
        )
    else:
        return
    raise unexpected_state(
        f"You cannot confirm this PaymentIntent {message}", rendering.payment_intent(intent)
    )


def confirm(account: Account, intent: PaymentIntent, method: PaymentMethod) -> StripeError | None:
    """Try to pay with that card. The error is what the API answers to a decline; the attempt is kept."""
    check_confirmable(intent)
    intent.payment_method = method.id
    intent.last_payment_error = None
    if method.test_card.three_d_secure:
        _ask_for_authentication(account, intent)
        return None
    return _charge(account, intent, method)


def _ask_for_authentication(account: Account, intent: PaymentIntent) -> None:
    if intent.status != IntentStatus.REQUIRES_ACTION:
        intent.move(IntentStatus.REQUIRES_ACTION)
    url = authentication_url(account, intent)
    if intent.return_url is None:
        intent.next_action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"stripe_js": url}}
    else:
        intent.next_action = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": intent.return_url, "url": url},
        }
    account.intents.save(intent)
    account.emit("payment_intent.requires_action", rendering.payment_intent(intent))


def authentication_url(account: Account, intent: PaymentIntent) -> str:
    """The bank's page, where the customer approves or refuses."""
    return f"{account.settings.base_url}/authenticate/{intent.id}"


def authenticate(account: Account, intent: PaymentIntent, *, approved: bool) -> StripeError | None:
    """The customer answered their bank. Raises when nobody asked; the error is why it was not paid."""
    if intent.status != IntentStatus.REQUIRES_ACTION or intent.payment_method is None:
        raise unexpected_state(
            f"This PaymentIntent does not wait for authentication; its status is {intent.status}.",
            rendering.payment_intent(intent),
        )
    method = account.payment_methods[intent.payment_method]
    intent.next_action = None
    if approved:
        return _charge(account, intent, method, authenticated=True)
    refusal = invalid(
        "We are unable to authenticate your payment method. Please choose a different payment method and try "
        "again.",
        code="payment_intent_authentication_failure",
    )
    return _failed(account, intent, method, refusal, charge=None)


def _charge(
    account: Account, intent: PaymentIntent, method: PaymentMethod, *, authenticated: bool = False
) -> StripeError | None:
    charge = charges.attempt(account, intent, method, authenticated=authenticated)
    intent.latest_charge = charge.id
    if charge.status == "failed":
        return _failed(account, intent, method, _card_error(charge, method), charge=charge)
    if intent.captures_later:
        _authorised(account, intent, charge)
    else:
        _succeeded(account, intent, charge.amount)
    return None


def _authorised(account: Account, intent: PaymentIntent, charge: Charge) -> None:
    intent.move(IntentStatus.REQUIRES_CAPTURE)
    intent.capture_before = charge.capture_before
    assert intent.capture_before is not None
    account.agenda.add(intent.capture_before, "authorisation", intent.id)
    account.intents.save(intent)
    account.emit("payment_intent.amount_capturable_updated", rendering.payment_intent(intent))


def _succeeded(account: Account, intent: PaymentIntent, amount: int) -> None:
    intent.move(IntentStatus.SUCCEEDED)
    intent.amount_received = amount
    intent.capture_before = None
    account.intents.save(intent)
    account.emit("payment_intent.succeeded", rendering.payment_intent(intent))


def _card_error(charge: Charge, method: PaymentMethod) -> StripeError:
    decline = method.test_card.decline
    assert decline is not None
    # Only card_declined carries the bank's own code (https://docs.stripe.com/testing#declined-payments).
    decline_code = decline.decline_code if decline.code == "card_declined" else None
    return StripeError(
        402,
        "card_error",
        decline.message,
        code=decline.code,
        param="cvc" if decline.code == "incorrect_cvc" else None,
        decline_code=decline_code,
        extra={"advice_code": decline.advice, "charge": charge.id},
    )


def _failed(
    account: Account,
    intent: PaymentIntent,
    method: PaymentMethod,
    error: StripeError,
    *,
    charge: Charge | None,
) -> StripeError:
    """Note the failure on the payment, which then waits for another card."""
    intent.last_payment_error = _noted(error, method, charge)
    intent.payment_method = None
    if intent.status != IntentStatus.REQUIRES_PAYMENT_METHOD:
        intent.move(IntentStatus.REQUIRES_PAYMENT_METHOD)
    account.intents.save(intent)
    shown = rendering.payment_intent(intent)
    account.emit("payment_intent.payment_failed", shown)
    error.extra |= {"payment_intent": shown, "payment_method": rendering.payment_method(method)}
    return error


def _noted(error: StripeError, method: PaymentMethod, charge: Charge | None) -> JSON:
    noted: JSON = {
        "charge": charge.id if charge else None,
        "code": error.code,
        "decline_code": error.decline_code,
        "doc_url": documentation_of(error.code),
        "message": error.message,
        "param": error.param,
        "payment_method": rendering.payment_method(method),
        "type": error.type,
    }
    return {key: value for key, value in noted.items() if value is not None}


def capture(account: Account, intent: PaymentIntent, amount: int | None) -> None:
    """Take what was authorised, or a part of it for good: the rest is released."""
    if intent.status != IntentStatus.REQUIRES_CAPTURE:
        raise unexpected_state(_not_capturable(intent), rendering.payment_intent(intent))
    taken = intent.amount_capturable if amount is None else amount
    if taken > intent.amount_capturable:
        raise invalid(
            "The payment could not be captured because the requested capture amount is greater than the amount "
            "you can capture for this charge.",
            param="amount_to_capture",
            code="amount_too_large",
        )
    charges.capture(account, _latest_charge(account, intent), taken)
    _succeeded(account, intent, taken)


def _not_capturable(intent: PaymentIntent) -> str:
    if intent.status == IntentStatus.SUCCEEDED:
        return "This PaymentIntent could not be captured because it has already been captured."
    return (
        f"This PaymentIntent could not be captured because it has a status of {intent.status}. Only a "
        "PaymentIntent with one of the following statuses may be captured: requires_capture."
    )


def _latest_charge(account: Account, intent: PaymentIntent) -> Charge:
    assert intent.latest_charge is not None
    return account.charges[intent.latest_charge]


def check_cancelable(intent: PaymentIntent) -> None:
    """Raises what Stripe answers to a cancellation that it does not allow."""
    if intent.status in (IntentStatus.SUCCEEDED, IntentStatus.CANCELED):
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {intent.status}. Only a PaymentIntent "
            "with one of the following statuses may be canceled: requires_payment_method, requires_capture, "
            "requires_confirmation, requires_action, processing.",
            rendering.payment_intent(intent),
        )
    # https://docs.stripe.com/api/payment_intents/cancel: only in requires_capture, else expire the session.
    if intent.checkout_session is not None and intent.status != IntentStatus.REQUIRES_CAPTURE:
        raise unexpected_state(
            "You cannot cancel this PaymentIntent because it was created by a Checkout Session. Expire the "
            f"Checkout Session ({intent.checkout_session}) instead.",
            rendering.payment_intent(intent),
        )


def cancel(account: Account, intent: PaymentIntent, reason: str | None) -> None:
    """End it; an authorisation is released, nothing can be charged any more."""
    charge = _latest_charge(account, intent) if intent.status == IntentStatus.REQUIRES_CAPTURE else None
    _end(account, intent, reason)
    if charge is not None:
        charges.release(account, charge, charge.amount)
        account.emit("charge.refunded", rendering.charge(account, charge))


def lapse(account: Account, intent: PaymentIntent) -> None:
    """The bank's hold ran out before anyone captured; nothing happens when someone did."""
    if intent.status != IntentStatus.REQUIRES_CAPTURE:
        return
    charge = _latest_charge(account, intent)
    charges.release(account, charge, charge.amount, reason="expired_uncaptured_charge")
    account.emit("charge.expired", rendering.charge(account, charge))
    _end(account, intent, "automatic")


def _end(account: Account, intent: PaymentIntent, reason: str | None) -> None:
    intent.move(IntentStatus.CANCELED)
    intent.canceled_at = account.now()
    intent.cancellation_reason = reason
    intent.next_action = None
    intent.capture_before = None
    account.intents.save(intent)
    account.emit("payment_intent.canceled", rendering.payment_intent(intent))


def check_amount_changeable(intent: PaymentIntent) -> None:
    """Raises when the amount is past changing."""
    if intent.status in _LATER_THAN_CONFIRMATION:
        raise unexpected_state(
            "This PaymentIntent's amount could not be updated because it has a status of "
            f"{intent.status}. You may only update the amount of a PaymentIntent with one of the following "
            "statuses: requires_payment_method, requires_confirmation, requires_action.",
            rendering.payment_intent(intent),
        )


def reprice(account: Account, intent: PaymentIntent, amount: int) -> None:
    """Another amount, before anything was paid; an open question to the bank is taken back."""
    check_amount_changeable(intent)
    intent.amount = amount
    if intent.status == IntentStatus.REQUIRES_ACTION:
        intent.move(IntentStatus.REQUIRES_PAYMENT_METHOD)
        intent.next_action = intent.payment_method = None
    account.intents.save(intent)


def check_raisable(account: Account, intent: PaymentIntent, amount: int) -> None:
    """Raises unless more may be held on the card (https://docs.stripe.com/payments/incremental-authorization)."""
    if intent.status != IntentStatus.REQUIRES_CAPTURE:
        raise unexpected_state(
            f"This PaymentIntent's authorization could not be incremented because it has a status of {intent.status}. "
            "Only a PaymentIntent with one of the following statuses may be incremented: requires_capture.",
            rendering.payment_intent(intent),
        )
    if not _latest_charge(account, intent).may_be_raised:
        raise invalid(
            "This PaymentIntent is not eligible for incremental authorization: it was not confirmed with "
            "`payment_method_options[card][request_incremental_authorization]=if_available`."
        )
    if intent.raises >= RAISES_MAX:
        raise invalid(f"A PaymentIntent takes at most {RAISES_MAX} incremental authorizations.")
    if amount <= intent.amount:
        raise invalid(
            "The new amount must be greater than the amount that is authorized already.", param="amount"
        )


def raise_authorisation(account: Account, intent: PaymentIntent, amount: int) -> None:
    """Hold that much in all on the card (checked by `check_raisable`)."""
    intent.raises += 1
    intent.amount = amount
    account.intents.save(intent)
    charges.raise_amount(account, _latest_charge(account, intent), amount)
    account.emit("payment_intent.amount_capturable_updated", rendering.payment_intent(intent))
