"""/v1/checkout/sessions"""

from sandbox.stripe import checkout, checkout_form, rendering
from sandbox.stripe.endpoints.call import Call, found
from sandbox.stripe.errors import JSON
from sandbox.stripe.model import CheckoutSession
from sandbox.stripe.paging import page


def _session(call: Call) -> CheckoutSession:
    return found(call.account.sessions, "checkout.session", call.ids["session"], "session")


def _shown_session(call: Call, session: CheckoutSession) -> JSON:
    return rendering.checkout_session(call.account, session)


def create(call: Call) -> JSON:
    return _shown_session(call, checkout_form.create(call.account, call.parameters))


def retrieve(call: Call) -> JSON:
    return _shown_session(call, _session(call))


def list_all(call: Call) -> JSON:
    email: str | None = call.get("customer_details", {}).get("email")
    rows = [
        session
        for session in call.account.sessions
        if call.get("payment_intent") in (None, session.payment_intent)
        and call.get("status") in (None, session.status)
        and call.get("customer") in (None, session.customer)
        and email in (None, (session.customer_details or {}).get("email"))
    ]
    return page(
        rows,
        call.parameters,
        lambda session: _shown_session(call, session),
        url=call.path,
        kind="checkout.session",
    )


def expire(call: Call) -> JSON:
    session = _session(call)
    checkout.expire(call.account, session)
    return _shown_session(call, session)


def list_line_items(call: Call) -> JSON:
    session = _session(call)
    shown = {item["id"]: item for item in rendering.line_items(session)}
    # Line items come in the order the shop gave; paging takes the newest first, hence the reversal.
    return page(
        reversed(session.items), call.parameters, lambda item: shown[item.id], url=call.path, kind="item"
    )
