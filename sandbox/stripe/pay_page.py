"""The page people pay on and the bank's page for 3-D Secure: plain HTML, which works without JavaScript."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlencode

from babel import Locale
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sandbox.stripe import checkout, checks, discounts, intents, passage, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.cards import BY_NICKNAME, Card
from sandbox.stripe.errors import JSON, StripeError
from sandbox.stripe.model import CheckoutSession, IntentStatus, PaymentIntent, SessionStatus
from sandbox.stripe.money import stated
from sandbox.stripe.people import typed_card
from sandbox.stripe.world import StripeWorld

TYPED: Final = "typed"
CHOICES: Final = (
    ("visa", "Visa", "pays"),
    ("declined", "Declined", "the bank says no"),
    ("insufficient", "Insufficient funds", "the bank says there is not enough money"),
    ("three_d_secure", "Needs 3-D Secure", "the bank asks you to approve"),
    (TYPED, "Another test card", "type its number"),
)
_ADDRESS_FIELDS: Final = ("line1", "line2", "postal_code", "city")

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class FormError(Exception):
    """Something on the form is not filled in; `field` says what."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def add_routes(app: FastAPI, world: StripeWorld) -> None:
    """Serve the pages of that world."""
    pages = Pages(world.account)
    app.add_api_route("/pay/{session_id}", pages.show, methods=["GET"], response_model=None)
    app.add_api_route("/pay/{session_id}", pages.submit, methods=["POST"], response_model=None)
    app.add_api_route("/pay/{session_id}/promotion", pages.take_code, methods=["POST"], response_model=None)
    app.add_api_route("/authenticate/{intent_id}", pages.ask, methods=["GET"], response_model=None)
    app.add_api_route("/authenticate/{intent_id}", pages.answer, methods=["POST"], response_model=None)


class Pages:
    """The pages of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def show(self, session_id: str) -> Response:
        """The pay page, or what has become of the visit."""
        passage.catch_up(self._account)
        session = self._account.sessions.get(session_id)
        if session is None:
            return self._notice("This page does not exist", "The link is wrong or incomplete.", status=404)
        if session.status == SessionStatus.OPEN:
            return self._form(session, {}, self._last_refusal(session))
        return self._over(session)

    async def submit(self, session_id: str, request: Request) -> Response:
        """Try to pay with what is on the form."""
        passage.catch_up(self._account)
        session = self._account.sessions.get(session_id)
        if session is None or session.status != SessionStatus.OPEN:
            return await self.show(session_id)
        filled = await _filled(request)
        self._choose_shipping(session, filled)
        gone = discounts.recheck(self._account, session)
        self._account.store.commit()
        if gone is not None:
            words = "The discount is not to be had any more. Please look at the new total before you pay."
            return self._form(session, filled, words, status=422)
        try:
            card = _chosen_card(filled) if session.total else None
            customer = _customer(session, filled, known_email=rendering.known_email(self._account, session))
        except FormError as error:
            return self._form(session, filled, str(error), field=error.field, status=422)
        if session.settings.get("shipping_address_collection") is not None:
            session.shipping_details = {"address": customer["address"], "name": customer["name"]}
        if card is None:
            checkout.finish_without_payment(self._account, session, customer)
        else:
            self._pay(session, card, customer)
        self._account.store.commit()
        return self._after(session)

    async def take_code(self, session_id: str, request: Request) -> Response:
        """The customer types a promotion code, or takes it off; back to the page with the new total."""
        passage.catch_up(self._account)
        session = self._account.sessions.get(session_id)
        if session is None or session.status != SessionStatus.OPEN:
            return await self.show(session_id)
        filled = await _filled(request)
        try:
            self._take_code(session, filled)
        except (FormError, StripeError) as error:
            return self._form(session, filled, str(error), field="code", status=422)
        self._account.store.commit()
        return _see_other(rendering.pay_url(self._account, session))

    def _take_code(self, session: CheckoutSession, filled: dict[str, str]) -> None:
        code = filled.get("code", "").strip()
        removing = filled.get("action") == "remove"
        if not code and not removing:
            raise FormError("code", "Please type your code.")
        checkout.type_code(self._account, session, "" if removing else code)

    def _choose_shipping(self, session: CheckoutSession, filled: dict[str, str]) -> None:
        if filled.get("shipping") in {option.id for option in session.shipping_options}:
            session.shipping_chosen = filled["shipping"]
            checkout.reprice(self._account, session)

    def _pay(self, session: CheckoutSession, card: Card, customer: JSON) -> None:
        method = intents.new_payment_method(
            self._account, card.payment_method, email=customer["email"], name=customer["name"]
        )
        checkout.pay(self._account, session, method, customer)

    def _after(self, session: CheckoutSession) -> Response:
        intent = self._account.intents.get(session.payment_intent or "")
        if intent is not None and intent.status == IntentStatus.REQUIRES_ACTION:
            return _see_other(intents.authentication_url(self._account, intent))
        if session.status == SessionStatus.COMPLETE:
            return _see_other(checkout.return_url(session))
        return _see_other(rendering.pay_url(self._account, session))  # where the bank's refusal is shown

    async def ask(self, intent_id: str) -> Response:
        """The bank's page: approve or refuse."""
        passage.catch_up(self._account)
        intent = self._account.intents.get(intent_id)
        if intent is None or intent.status != IntentStatus.REQUIRES_ACTION:
            return self._notice(
                "Nothing to approve", "This payment does not wait for your approval any more.", status=404
            )
        amount = stated(intent.amount, intent.currency)
        return _page("authenticate.html", amount=amount, shop=self._account.settings.shop_name)

    async def answer(self, intent_id: str, request: Request) -> Response:
        """The customer approved or refused; on to where the shop wanted them."""
        passage.catch_up(self._account)
        intent = self._account.intents.get(intent_id)
        if intent is None or intent.status != IntentStatus.REQUIRES_ACTION:
            return await self.ask(intent_id)
        approved = (await _filled(request)).get("answer") == "approve"
        checkout.authenticate(self._account, intent, approved=approved)
        self._account.store.commit()
        if intent.checkout_session is not None:
            return self._after(self._account.sessions[intent.checkout_session])
        return self._back_to_shop(intent)

    def _back_to_shop(self, intent: PaymentIntent) -> Response:
        if intent.return_url is None:
            return self._notice("Thank you", "You may close this page.")
        paid = intent.status in (IntentStatus.SUCCEEDED, IntentStatus.REQUIRES_CAPTURE)
        result = {
            "payment_intent": intent.id,
            "payment_intent_client_secret": intent.client_secret,
            "redirect_status": "succeeded" if paid else "failed",
        }
        glue = "&" if "?" in intent.return_url else "?"
        return _see_other(f"{intent.return_url}{glue}{urlencode(result)}")

    def _last_refusal(self, session: CheckoutSession) -> str | None:
        intent = self._account.intents.get(session.payment_intent or "")
        if intent is None or intent.last_payment_error is None:
            return None
        if intent.last_payment_error["code"] == "payment_intent_authentication_failure":
            return "You did not approve the payment. Nothing was charged. Try again, or use another card."
        return f"{intent.last_payment_error['message']} Nothing was charged. Please try another card."

    def _form(
        self,
        session: CheckoutSession,
        filled: dict[str, str],
        error: str | None,
        *,
        field: str = "",
        status: int = 200,
    ) -> Response:
        return _page(
            "pay.html",
            status=status,
            shop=self._account.settings.shop_name,
            session=session,
            pay_url=rendering.pay_url(self._account, session),
            known_email=rendering.known_email(self._account, session),
            items=[(item, stated(item.total, item.currency)) for item in session.items],
            takes_codes=bool(session.settings.get("allow_promotion_codes")),
            discount=self._discount(session),
            free=session.total == 0,
            shipping=[
                (option, stated(option.amount, session.currency), _whole(session, option.amount))
                for option in session.shipping_options
            ],
            total=stated(session.total, session.currency),
            verb={"donate": "Donate", "book": "Book"}.get(session.settings.get("submit_type", ""), "Pay"),
            held=session.intent_parameters.get("capture_method") == "manual",
            wants_phone=_wants_phone(session),
            countries=_countries(session),
            choices=CHOICES,
            filled=filled,
            error=error,
            field=field,
        )

    def _discount(self, session: CheckoutSession) -> tuple[str, str] | None:
        """What it is called and what it takes off."""
        if session.discount is None:
            return None
        coupon = self._account.coupons[session.discount.coupon]
        code = self._account.promotion_codes.get(session.discount.promotion_code or "")
        name = code.code if code else coupon.name or coupon.id
        return name, stated(-session.discounted, session.currency)

    def _over(self, session: CheckoutSession) -> Response:
        if session.status == SessionStatus.EXPIRED:
            return self._notice(
                "This page has expired",
                "Nothing was charged. Go back to the shop and ask for a new link if you still want to pay.",
                link=session.cancel_url,
                status=410,
            )
        amount = stated(session.total, session.currency)
        paid = f"Your payment of {amount} went through. You need not pay again."
        return self._notice(
            "Paid, thank you" if session.total else "Thank you",
            paid if session.total else "Your order is complete. There was nothing to pay.",
            link=checkout.return_url(session),
        )

    def _notice(self, title: str, words: str, *, link: str | None = None, status: int = 200) -> Response:
        shop = self._account.settings.shop_name
        return _page("notice.html", status=status, shop=shop, title=title, words=words, link=link)


def _page(template: str, *, status: int = 200, **facts: Any) -> HTMLResponse:
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse(_templates.get_template(template).render(**facts), status, headers)


def _see_other(url: str) -> Response:
    return RedirectResponse(url, status_code=303)


async def _filled(request: Request) -> dict[str, str]:
    """What is on a form that was sent."""
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))


def _chosen_card(filled: dict[str, str]) -> Card:
    choice = filled.get("card", "visa")
    if choice != TYPED and choice in {name for name, _, _ in CHOICES}:
        return BY_NICKNAME[choice]
    try:
        return typed_card(filled.get("number", ""))
    except StripeError as error:
        raise FormError("number", error.message) from error


def _customer(session: CheckoutSession, filled: dict[str, str], *, known_email: str | None) -> JSON:
    """What the customer told; the shop's own e-mail address for them stands."""
    email = known_email or filled.get("email", "").strip()
    try:
        checks.check_email(email, "email")
    except StripeError:
        raise FormError("email", "Please give an e-mail address such as ann@example.com.") from None
    phone = filled.get("phone", "").strip()
    if _wants_phone(session) and not phone:
        raise FormError("phone", "Please give a phone number.")
    return rendering.customer_details(
        email=email,
        name=filled.get("name", "").strip() or None,
        phone=phone or None,
        address=_address(session, filled),
    )


def _address(session: CheckoutSession, filled: dict[str, str]) -> JSON:
    countries = _countries(session)
    if not countries:
        return dict(rendering.NO_ADDRESS)
    for field, what in (("name", "your name"), ("line1", "street and number"), ("city", "the town")):
        if not filled.get(field, "").strip():
            raise FormError(field, f"Please give {what}.")
    if filled.get("country") not in dict(countries):
        raise FormError("country", "Please choose a country that the shop sends to.")
    given = {field: filled.get(field, "").strip() or None for field in _ADDRESS_FIELDS}
    return {**rendering.NO_ADDRESS, **given, "country": filled["country"]}


def _whole(session: CheckoutSession, shipping: int) -> str:
    return stated(session.total - session.shipping_amount + shipping, session.currency)


def _wants_phone(session: CheckoutSession) -> bool:
    return bool(session.settings.get("phone_number_collection", {}).get("enabled"))


def _countries(session: CheckoutSession) -> list[tuple[str, str]]:
    """Codes and names of where the shop sends to, by name; none when it sends nothing."""
    asked: JSON = session.settings.get("shipping_address_collection", {})
    names = cast(Mapping[str, str], Locale("en").territories)
    codes: list[str] = asked.get("allowed_countries", [])
    return sorted(((code, names.get(code, code)) for code in codes), key=lambda country: country[1])
