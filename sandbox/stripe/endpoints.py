"""What the API can be asked: each endpoint with the parameters that are honoured and what it does.

A parameter that Stripe knows and that is not listed here is refused as not emulated, never ignored.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sandbox.stripe import checkout, intents, refunds, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.errors import JSON, StripeError, invalid, no_such, not_emulated
from sandbox.stripe.model import (
    Charge,
    CheckoutSession,
    Entity,
    Event,
    PaymentIntent,
    Refund,
    WebhookEndpoint,
)
from sandbox.stripe.money import AMOUNT_MAX, smallest, stated
from sandbox.stripe.paging import page
from sandbox.stripe.parameters import Parameters, merged_metadata
from sandbox.stripe.store import Table
from sandbox.stripe.webhooks import Webhooks


@dataclass(frozen=True)
class Call:
    """One checked request."""

    account: Account
    webhooks: Webhooks
    path: str
    ids: dict[str, str]
    parameters: Parameters

    def get(self, name: str, default: Any = None) -> Any:
        return self.parameters.get(name, default)


@dataclass(frozen=True)
class Endpoint:
    """A method and a path with {names} in it."""

    name: str  # as in parameters.json: "POST /v1/refunds"
    run: Callable[[Call], JSON]
    shows: str  # the kind of object in the answer; "list:charge" is a list of charges
    honoured: frozenset[str]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The ids in the path, or None if the request is for another endpoint."""
        verb, _, template = self.name.partition(" ")
        if verb != method:
            return None
        match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
        return match.groupdict() if match else None

    def check_honoured(self, parameters: Parameters) -> None:
        for name in parameters:
            if name != "expand" and name not in self.honoured:
                raise not_emulated(f"the parameter `{name}`", param=name)


def _found(table: Table[Any], kind: str, object_id: str, param: str) -> Any:
    found: Entity | None = table.get(object_id)
    if found is None:
        raise no_such(kind, object_id, param=param)
    return found


def _session(call: Call) -> CheckoutSession:
    found: CheckoutSession = _found(call.account.sessions, "checkout.session", call.ids["session"], "session")
    return found


def _intent(call: Call) -> PaymentIntent:
    found: PaymentIntent = _found(call.account.intents, "payment_intent", call.ids["intent"], "intent")
    return found


def _shown_session(call: Call, session: CheckoutSession) -> JSON:
    return rendering.checkout_session(call.account, session)


# Checkout Sessions


def create_session(call: Call) -> JSON:
    return _shown_session(call, checkout.create(call.account, call.parameters))


def retrieve_session(call: Call) -> JSON:
    return _shown_session(call, _session(call))


def list_sessions(call: Call) -> JSON:
    wanted_intent, wanted_status = call.get("payment_intent"), call.get("status")
    rows = [
        session
        for session in call.account.sessions
        if wanted_intent in (None, session.payment_intent) and wanted_status in (None, session.status)
    ]
    return page(
        rows,
        call.parameters,
        lambda session: _shown_session(call, session),
        url=call.path,
        kind="checkout.session",
    )


def expire_session(call: Call) -> JSON:
    session = _session(call)
    checkout.expire(call.account, session)
    return _shown_session(call, session)


def list_line_items(call: Call) -> JSON:
    # Line items come in the order the shop gave; paging takes the newest first, hence the reversal.
    items = reversed(_session(call).items)
    return page(items, call.parameters, rendering.line_item, url=call.path, kind="item")


# Payment intents


def create_intent(call: Call) -> JSON:
    method = _method_asked_for(call)
    confirm: bool = call.get("confirm", False)
    methods = _automatic_payment_methods(call)
    _check_confirm_parameters(call, confirm=confirm, method=method, methods=methods)
    currency = checkout.check_currency(call.get("currency"), "currency")
    _check_amount(call.get("amount"), currency)
    checkout.check_card_offered(call.parameters)
    checkout.check_email(call.get("receipt_email"), "receipt_email")
    intent = intents.create(
        call.account,
        amount=call.get("amount"),
        currency=currency,
        automatic_payment_methods=methods,
        metadata=merged_metadata({}, call.get("metadata")),
        **_given(call, _INTENT_FIELDS | {"capture_method", "confirmation_method", "return_url"}),
    )
    if method is not None:
        intents.attach(call.account, intent, intents.new_payment_method(call.account, method))
    if confirm:
        _confirm(call, intent)
    return rendering.payment_intent(intent)


_INTENT_FIELDS: Final = {
    "description",
    "receipt_email",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
}


def _given(call: Call, names: set[str]) -> Parameters:
    return {name: call.parameters[name] for name in sorted(names) if name in call.parameters}


def _method_asked_for(call: Call) -> str | None:
    """The payment method of the request, known to exist before anything is made."""
    name: str | None = call.get("payment_method")
    if name is not None:
        intents.check_payment_method(call.account, name)
    return name


def _automatic_payment_methods(call: Call) -> JSON:
    # On by default since 2023-08-16 (https://docs.stripe.com/upgrades#2023-08-16).
    given: Parameters = call.get("automatic_payment_methods", {"enabled": True})
    if not given["enabled"]:
        raise not_emulated("`automatic_payment_methods[enabled]=false`", param="automatic_payment_methods")
    return {"allow_redirects": given.get("allow_redirects", "always"), "enabled": True}


def _check_confirm_parameters(call: Call, *, confirm: bool, method: str | None, methods: JSON) -> None:
    if call.get("return_url") is not None:
        checkout.check_url(call.get("return_url"), "return_url")
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


def _check_amount(amount: int, currency: str) -> None:
    checkout.check_at_least(amount, 1, "amount")
    if amount > AMOUNT_MAX:
        raise invalid(
            f"Amount must be no more than {stated(AMOUNT_MAX, currency)}",
            param="amount",
            code="amount_too_large",
        )
    if amount < smallest(currency):
        raise invalid(
            f"Amount must be at least {stated(smallest(currency), currency)} {currency}",
            param="amount",
            code="amount_too_small",
        )


def retrieve_intent(call: Call) -> JSON:
    return rendering.payment_intent(_intent(call))


def list_intents(call: Call) -> JSON:
    return page(
        call.account.intents,
        call.parameters,
        rendering.payment_intent,
        url=call.path,
        kind="payment_intent",
    )


def update_intent(call: Call) -> JSON:
    intent = _intent(call)
    if "amount" in call.parameters:
        intents.check_amount_changeable(intent)
        _check_amount(call.get("amount"), intent.currency)
        intent.amount = call.get("amount")
    checkout.check_email(call.get("receipt_email") or None, "receipt_email")
    intent.metadata = merged_metadata(intent.metadata, call.get("metadata"))
    for name, value in _given(call, _INTENT_FIELDS).items():
        setattr(intent, name, value or None)
    call.account.intents.save(intent)
    return rendering.payment_intent(intent)


def confirm_intent(call: Call) -> JSON:
    intent = _intent(call)
    intents.check_confirmable(intent)
    checkout.check_url(call.get("return_url"), "return_url")
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


def capture_intent(call: Call) -> JSON:
    intent = _intent(call)
    if call.get("final_capture") is False:
        raise not_emulated("more than one capture of a payment", param="final_capture")
    amount: int | None = call.get("amount_to_capture")
    if amount is not None:
        checkout.check_at_least(amount, 1, "amount_to_capture")
    metadata = merged_metadata(intent.metadata, call.get("metadata"))
    intents.capture(call.account, intent, amount)
    intent.metadata = metadata
    call.account.intents.save(intent)
    return rendering.payment_intent(intent)


def cancel_intent(call: Call) -> JSON:
    intent = _intent(call)
    intents.check_cancelable(intent)
    intents.cancel(call.account, intent, call.get("cancellation_reason"))
    return rendering.payment_intent(intent)


# Charges


def retrieve_charge(call: Call) -> JSON:
    charge: Charge = _found(call.account.charges, "charge", call.ids["charge"], "id")
    return rendering.charge(call.account, charge)


def list_charges(call: Call) -> JSON:
    intent, group = call.get("payment_intent"), call.get("transfer_group")
    rows = [
        charge
        for charge in call.account.charges
        if intent in (None, charge.payment_intent) and group in (None, charge.transfer_group)
    ]
    return page(
        rows,
        call.parameters,
        lambda charge: rendering.charge(call.account, charge),
        url=call.path,
        kind="charge",
    )


# Refunds


def create_refund(call: Call) -> JSON:
    charge = _charge_to_refund(call)
    amount: int | None = call.get("amount")
    if amount is not None:
        checkout.check_at_least(amount, 1, "amount")
    metadata = merged_metadata({}, call.get("metadata"))
    refund = refunds.create(call.account, charge, amount, reason=call.get("reason"), metadata=metadata)
    return rendering.refund(refund)


def _charge_to_refund(call: Call) -> Charge:
    charge_id, intent_id = call.get("charge"), call.get("payment_intent")
    if charge_id is None and intent_id is None:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    if charge_id is not None and intent_id is not None:
        raise invalid("You may only specify one of these parameters: payment_intent, charge.")
    if charge_id is not None:
        charge: Charge = _found(call.account.charges, "charge", charge_id, "id")
        return charge
    intent: PaymentIntent = _found(call.account.intents, "payment_intent", str(intent_id), "payment_intent")
    return refunds.charge_to_refund(call.account, intent)


def _refund(call: Call) -> Refund:
    found: Refund = _found(call.account.refunds, "refund", call.ids["refund"], "refund")
    return found


def retrieve_refund(call: Call) -> JSON:
    return rendering.refund(_refund(call))


def update_refund(call: Call) -> JSON:
    refund = _refund(call)
    refund.metadata = merged_metadata(refund.metadata, call.get("metadata"))
    call.account.refunds.save(refund)
    shown = rendering.refund(refund)
    call.account.emit("refund.updated", shown)
    return shown


def list_refunds(call: Call) -> JSON:
    charge, intent = call.get("charge"), call.get("payment_intent")
    rows = [
        refund
        for refund in call.account.refunds
        if charge in (None, refund.charge) and intent in (None, refund.payment_intent)
    ]
    return page(rows, call.parameters, rendering.refund, url=call.path, kind="refund")


# Balance transactions


def retrieve_balance_transaction(call: Call) -> JSON:
    entry = _found(call.account.balance, "balance_transaction", call.ids["id"], "id")
    return rendering.balance_transaction(call.account, entry)


def list_balance_transactions(call: Call) -> JSON:
    source, kind, currency = call.get("source"), call.get("type"), call.get("currency")
    rows = [
        entry
        for entry in call.account.balance
        if source in (None, entry.source)
        and kind in (None, entry.type)
        and currency in (None, entry.currency)
    ]
    return page(
        rows,
        call.parameters,
        lambda entry: rendering.balance_transaction(call.account, entry),
        url=call.path,
        kind="balance_transaction",
    )


# Events


def _shown_event(call: Call, event: Event) -> JSON:
    return rendering.event(event, pending_webhooks=call.webhooks.pending(event.id))


def retrieve_event(call: Call) -> JSON:
    event: Event = _found(call.account.events, "event", call.ids["id"], "id")
    return _shown_event(call, event)


def list_events(call: Call) -> JSON:
    if "type" in call.parameters and "types" in call.parameters:
        raise invalid("You may only specify one of these parameters: type, types.")
    types: list[str] | None = [call.get("type")] if "type" in call.parameters else call.get("types")
    rows = [event for event in call.account.events if types is None or _is_of(event.type, types)]
    return page(rows, call.parameters, lambda event: _shown_event(call, event), url=call.path, kind="event")


def _is_of(event_type: str, types: list[str]) -> bool:
    """`charge.*` stands for every event that begins so."""
    return any(event_type == kind or (kind[-1] == "*" and event_type.startswith(kind[:-1])) for kind in types)


# Webhook endpoints


def _webhook_endpoint(call: Call) -> WebhookEndpoint:
    endpoint_id = call.ids["webhook_endpoint"]
    found: WebhookEndpoint = _found(
        call.account.endpoints, "webhook endpoint", endpoint_id, "webhook_endpoint"
    )
    return found


def create_webhook_endpoint(call: Call) -> JSON:
    checkout.check_url(call.get("url"), "url")
    endpoint = WebhookEndpoint(
        id=call.account.new_id("we_"),
        created=call.account.now(),
        url=call.get("url"),
        secret=call.account.new_id("whsec_", 32),
        enabled_events=call.get("enabled_events"),
        description=call.get("description") or None,
        metadata=merged_metadata({}, call.get("metadata")),
    )
    call.account.endpoints.save(endpoint)
    return rendering.webhook_endpoint(endpoint, with_secret=True)


def retrieve_webhook_endpoint(call: Call) -> JSON:
    return rendering.webhook_endpoint(_webhook_endpoint(call))


def update_webhook_endpoint(call: Call) -> JSON:
    endpoint = _webhook_endpoint(call)
    checkout.check_url(call.get("url"), "url")
    endpoint.url = call.get("url", endpoint.url)
    endpoint.enabled_events = call.get("enabled_events", endpoint.enabled_events)
    endpoint.description = call.get("description", endpoint.description) or None
    endpoint.status = "disabled" if call.get("disabled", endpoint.status == "disabled") else "enabled"
    endpoint.metadata = merged_metadata(endpoint.metadata, call.get("metadata"))
    call.account.endpoints.save(endpoint)
    return rendering.webhook_endpoint(endpoint)


def delete_webhook_endpoint(call: Call) -> JSON:
    endpoint = _webhook_endpoint(call)
    call.account.endpoints.delete(endpoint.id)
    return {"id": endpoint.id, "object": "webhook_endpoint", "deleted": True}


def list_webhook_endpoints(call: Call) -> JSON:
    return page(
        call.account.endpoints,
        call.parameters,
        rendering.webhook_endpoint,
        url=call.path,
        kind="webhook endpoint",
    )


def _endpoint(name: str, run: Callable[[Call], JSON], honoured: str = "") -> Endpoint:
    return Endpoint(name, run, _shown_kind(name), frozenset(honoured.split()))


def _shown_kind(name: str) -> str:
    method, _, path = name.partition(" ")
    kind = "item" if path.endswith("line_items") else _KINDS[path.split("/")[2]]
    return kind if method != "GET" or path.endswith("}") else f"list:{kind}"


_KINDS: Final = {
    "checkout": "checkout.session",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "balance_transactions": "balance_transaction",
    "events": "event",
    "webhook_endpoints": "webhook_endpoint",
}


_PAGE = "limit starting_after ending_before created"

ENDPOINTS: Final = (
    _endpoint(
        "POST /v1/checkout/sessions",
        create_session,
        "mode ui_mode success_url cancel_url line_items client_reference_id customer_email metadata expires_at "
        "payment_intent_data shipping_address_collection shipping_options phone_number_collection locale "
        "submit_type billing_address_collection customer_creation origin_context integration_identifier "
        "allowed_payment_method_types excluded_payment_method_types",
    ),
    _endpoint("GET /v1/checkout/sessions", list_sessions, f"{_PAGE} payment_intent status"),
    _endpoint("GET /v1/checkout/sessions/{session}", retrieve_session),
    _endpoint("POST /v1/checkout/sessions/{session}/expire", expire_session),
    _endpoint(
        "GET /v1/checkout/sessions/{session}/line_items",
        list_line_items,
        "limit starting_after ending_before",
    ),
    _endpoint(
        "POST /v1/payment_intents",
        create_intent,
        "amount currency confirm payment_method return_url capture_method confirmation_method metadata description "
        "receipt_email shipping statement_descriptor statement_descriptor_suffix transfer_group "
        "automatic_payment_methods allowed_payment_method_types excluded_payment_method_types",
    ),
    _endpoint("GET /v1/payment_intents", list_intents, _PAGE),
    _endpoint("GET /v1/payment_intents/{intent}", retrieve_intent),
    _endpoint(
        "POST /v1/payment_intents/{intent}",
        update_intent,
        "amount metadata description receipt_email shipping statement_descriptor statement_descriptor_suffix "
        "transfer_group",
    ),
    _endpoint("POST /v1/payment_intents/{intent}/confirm", confirm_intent, "payment_method return_url"),
    _endpoint(
        "POST /v1/payment_intents/{intent}/capture",
        capture_intent,
        "amount_to_capture final_capture metadata",
    ),
    _endpoint("POST /v1/payment_intents/{intent}/cancel", cancel_intent, "cancellation_reason"),
    _endpoint("GET /v1/charges", list_charges, f"{_PAGE} payment_intent transfer_group"),
    _endpoint("GET /v1/charges/{charge}", retrieve_charge),
    _endpoint("POST /v1/refunds", create_refund, "charge payment_intent amount reason metadata"),
    _endpoint("GET /v1/refunds", list_refunds, f"{_PAGE} charge payment_intent"),
    _endpoint("GET /v1/refunds/{refund}", retrieve_refund),
    _endpoint("POST /v1/refunds/{refund}", update_refund, "metadata"),
    _endpoint("GET /v1/balance_transactions", list_balance_transactions, f"{_PAGE} source type currency"),
    _endpoint("GET /v1/balance_transactions/{id}", retrieve_balance_transaction),
    _endpoint("GET /v1/events", list_events, f"{_PAGE} type types"),
    _endpoint("GET /v1/events/{id}", retrieve_event),
    _endpoint(
        "POST /v1/webhook_endpoints", create_webhook_endpoint, "url enabled_events description metadata"
    ),
    _endpoint("GET /v1/webhook_endpoints", list_webhook_endpoints, "limit starting_after ending_before"),
    _endpoint("GET /v1/webhook_endpoints/{webhook_endpoint}", retrieve_webhook_endpoint),
    _endpoint(
        "POST /v1/webhook_endpoints/{webhook_endpoint}",
        update_webhook_endpoint,
        "url enabled_events description metadata disabled",
    ),
    _endpoint("DELETE /v1/webhook_endpoints/{webhook_endpoint}", delete_webhook_endpoint),
)
