"""/v1/payment_intents"""

from typing import Final

from sandbox.stripe import checks, intents, rendering
from sandbox.stripe.endpoints.call import Call, found, given
from sandbox.stripe.errors import JSON, StripeError, invalid, not_emulated
from sandbox.stripe.model import PaymentIntent
from sandbox.stripe.paging import page
from sandbox.stripe.parameters import Parameters, merged_metadata


def _intent(call: Call) -> PaymentIntent:
    return found(call.account.intents, "payment_intent", call.ids["intent"], "intent")


def create(call: Call) -> JSON:
    method = _method_asked_for(call)
    confirm: bool = call.get("confirm", False)
    methods = _automatic_payment_methods(call)
    _check_confirm_parameters(call, confirm=confirm, method=method, methods=methods)
    currency = checks.check_currency(call.get("currency"), "currency")
    checks.check_amount(call.get("amount"), currency)
    checks.check_card_offered(call.parameters)
    checks.check_email(call.get("receipt_email"), "receipt_email")
    checks.known_customer(call.account, call.get("customer"))
    intent = intents.create(
        call.account,
        amount=call.get("amount"),
        currency=currency,
        automatic_payment_methods=methods,
        may_be_raised=_may_be_raised(call),
        metadata=merged_metadata({}, call.get("metadata")),
        **given(call, _INTENT_FIELDS | {"capture_method", "confirmation_method", "return_url"}),
    )
    if method is not None:
        intents.attach(call.account, intent, intents.new_payment_method(call.account, method))
    if confirm:
        _confirm(call, intent)
    return rendering.payment_intent(intent)


_INTENT_FIELDS: Final = {
    "customer",
    "description",
    "receipt_email",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
}


def _method_asked_for(call: Call) -> str | None:
    """The payment method of the request, known to exist before anything is made."""
    name: str | None = call.get("payment_method")
    if name is not None:
        intents.check_payment_method(call.account, name)
    return name


def _may_be_raised(call: Call) -> bool:
    options: Parameters = call.get("payment_method_options", {})
    checks.check_emulated(options, {"card"}, "payment_method_options")
    card: Parameters = options.get("card", {})
    checks.check_emulated(card, {"request_incremental_authorization"}, "payment_method_options[card]")
    return card.get("request_incremental_authorization") == "if_available"


def _automatic_payment_methods(call: Call) -> JSON:
    # On by default since 2023-08-16 (https://docs.stripe.com/upgrades#2023-08-16).
    asked: Parameters = call.get("automatic_payment_methods", {"enabled": True})
    if not asked["enabled"]:
        raise not_emulated("`automatic_payment_methods[enabled]=false`", param="automatic_payment_methods")
    return {"allow_redirects": asked.get("allow_redirects", "always"), "enabled": True}


def _check_confirm_parameters(call: Call, *, confirm: bool, method: str | None, methods: JSON) -> None:
    if call.get("return_url") is not None:
        checks.check_url(call.get("return_url"), "return_url")
        if not confirm:
            raise invalid(
                "The parameter `return_url` cannot be passed when creating a PaymentIntent unless `confirm` is set "
                "to true.",
                param="return_url",
            )
    if not confirm:
        return
    if method is None:
        raise _no_payment_method()
    if call.get("return_url") is None and methods["allow_redirects"] != "never":
        raise _no_return_url()


def _no_payment_method() -> StripeError:
    return invalid(
        "You cannot confirm this PaymentIntent because it's missing a payment method. Update the PaymentIntent with "
        "a payment method and then confirm it again.",
        code="payment_intent_unexpected_state",
    )


def _no_return_url() -> StripeError:
    return invalid(
        "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "
        "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't "
        "want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
        "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
    )


def retrieve(call: Call) -> JSON:
    return rendering.payment_intent(_intent(call))


def list_all(call: Call) -> JSON:
    rows = [intent for intent in call.account.intents if call.get("customer") in (None, intent.customer)]
    return page(rows, call.parameters, rendering.payment_intent, url=call.path, kind="payment_intent")


def update(call: Call) -> JSON:
    intent = _intent(call)
    if "amount" in call.parameters:
        intents.check_amount_changeable(intent)
        checks.check_amount(call.get("amount"), intent.currency)
        intent.amount = call.get("amount")
    checks.check_email(call.get("receipt_email") or None, "receipt_email")
    checks.known_customer(call.account, call.get("customer"))
    intent.metadata = merged_metadata(intent.metadata, call.get("metadata"))
    for name, value in given(call, _INTENT_FIELDS).items():
        setattr(intent, name, value or None)
    call.account.intents.save(intent)
    return rendering.payment_intent(intent)


def confirm(call: Call) -> JSON:
    intent = _intent(call)
    intents.check_confirmable(intent)
    checks.check_url(call.get("return_url"), "return_url")
    method = _method_asked_for(call)
    if method is None and intent.payment_method is None:
        raise _no_payment_method()
    redirects = (intent.automatic_payment_methods or {}).get("allow_redirects")
    if not (call.get("return_url") or intent.return_url) and redirects != "never":
        raise _no_return_url()
    if method is not None:
        intents.attach(call.account, intent, intents.new_payment_method(call.account, method))
    _confirm(call, intent)
    return rendering.payment_intent(intent)


def _confirm(call: Call, intent: PaymentIntent) -> None:
    intent.return_url = call.get("return_url") or intent.return_url
    assert intent.payment_method is not None
    error = intents.confirm(call.account, intent, call.account.payment_methods[intent.payment_method])
    if error is not None:
        raise error


def capture(call: Call) -> JSON:
    intent = _intent(call)
    if call.get("final_capture") is False:
        raise not_emulated("more than one capture of a payment", param="final_capture")
    amount: int | None = call.get("amount_to_capture")
    if amount is not None:
        checks.check_at_least(amount, 1, "amount_to_capture")
    metadata = merged_metadata(intent.metadata, call.get("metadata"))
    intents.capture(call.account, intent, amount)
    intent.metadata = metadata
    call.account.intents.save(intent)
    return rendering.payment_intent(intent)


def cancel(call: Call) -> JSON:
    intent = _intent(call)
    intents.check_cancelable(intent)
    intents.cancel(call.account, intent, call.get("cancellation_reason"))
    return rendering.payment_intent(intent)


def increment_authorization(call: Call) -> JSON:
    intent = _intent(call)
    amount: int = call.get("amount")
    intents.check_raisable(call.account, intent, amount)
    checks.check_amount(amount, intent.currency)
    intent.metadata = merged_metadata(intent.metadata, call.get("metadata"))
    for name, value in given(call, {"description", "statement_descriptor"}).items():
        setattr(intent, name, value)
    intents.raise_authorisation(call.account, intent, amount)
    return rendering.payment_intent(intent)
