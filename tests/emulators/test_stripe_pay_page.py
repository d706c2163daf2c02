"""The pay page as a browser without JavaScript uses it: forms, redirects, and words for every ending."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
import stripe

from sandbox.stripe.cards import CARDS, Card
from tests.emulators.stripe_sandbox import Sandbox, price, session_parameters


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


class Page(HTMLParser):
    """What a person gets from a page: its text, its fields with their labels, its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.fields: dict[str, list[dict[str, str | None]]] = {}
        self.labels: set[str | None] = set()
        self.links: list[str | None] = []
        self.loads: list[str] = []
        self._hidden = 0
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag in ("input", "select", "button"):
            self.fields.setdefault(str(found.get("name")), []).append(found)
        if tag == "label":
            self.labels.add(found.get("for"))
        if tag == "a":
            self.links.append(found.get("href"))
        if tag in ("script", "link", "img", "iframe") or "src" in found:
            self.loads.append(tag)
        self._hidden += tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += f" {data}"


def opened(sandbox: Sandbox, **changes: Any) -> stripe.checkout.Session:
    return sandbox.client.v1.checkout.sessions.create(session_parameters(**changes))


def read(url: str | None) -> Page:
    return Page(httpx.get(str(url)).text)


def submit(url: str | None, **form: str) -> httpx.Response:
    return httpx.post(str(url), data=form)


def status(sandbox: Sandbox, session: stripe.checkout.Session) -> str | None:
    return sandbox.client.v1.checkout.sessions.retrieve(session.id).status


def test_the_page_shows_what_is_bought_and_that_it_is_a_test(sandbox: Sandbox) -> None:
    page = read(opened(sandbox).url)
    for words in ("Test page. No money moves here.", "Tea & Things", "Teapot", "€12.50", "× 2", "€30.48"):
        assert words in page.text
    assert "ann@example.com" in page.text
    assert "email" not in page.fields  # the shop knows it
    assert [field["value"] for field in page.fields["card"]] == [
        "visa", "declined", "insufficient", "three_d_secure", "typed",
    ]  # fmt: skip
    assert page.links == ["https://shop.example/cart"] * 2
    assert not page.loads  # nothing from elsewhere, no script


def test_every_field_that_is_typed_has_its_label(sandbox: Sandbox) -> None:
    session = opened(
        sandbox,
        customer_email=None,
        phone_number_collection={"enabled": True},
        shipping_address_collection={"allowed_countries": ["IE", "DE"]},
    )
    page = read(session.url)
    typed = {str(field["id"]) for fields in page.fields.values() for field in fields if "id" in field}
    assert {"email", "phone", "name", "line1", "city", "country", "number"} <= typed <= page.labels


@pytest.mark.parametrize(
    "form", [{"card": "visa"}, {"card": "typed", "number": "5555 5555 5555 4444"}, {"email": "x"}]
)
def test_a_good_card_goes_on_to_the_shops_thanks(sandbox: Sandbox, form: dict[str, str]) -> None:
    session = opened(sandbox)
    answer = submit(session.url, **form)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"https://shop.example/thanks?session={session.id}"
    assert status(sandbox, session) == "complete"
    page = read(session.url)
    assert "Your payment of €30.48 went through" in page.text
    assert page.links == [f"https://shop.example/thanks?session={session.id}"]


def test_paying_twice_charges_once(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    submit(session.url, card="visa")
    assert "You need not pay again" in submit(session.url, card="visa").text
    assert len(sandbox.client.v1.charges.list().data) == 1


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"card": "declined"}, "Your card was declined. Nothing was charged. Please try another card."),
        ({"card": "insufficient"}, "Your card has insufficient funds. Nothing was charged."),
        ({"card": "typed", "number": "4000000000000069"}, "Your card has expired. Nothing was charged."),
    ],
)
def test_a_decline_is_told_in_words_and_another_card_may_follow(
    sandbox: Sandbox, form: dict[str, str], words: str
) -> None:
    session = opened(sandbox)
    answer = submit(session.url, **form)
    assert (answer.status_code, answer.headers["location"]) == (303, session.url)
    assert words in read(session.url).text
    assert status(sandbox, session) == "open"
    assert submit(session.url, card="visa").headers["location"].startswith("https://shop.example/thanks")


@pytest.mark.parametrize(
    "card", [card for card in CARDS if card.decline and not card.three_d_secure], ids=lambda card: card.number
)
def test_every_card_that_declines_says_so_on_the_page(sandbox: Sandbox, card: Card) -> None:
    session = opened(sandbox)
    submit(session.url, card="typed", number=card.number)
    assert card.decline is not None
    assert f"{card.decline.message} Nothing was charged." in read(session.url).text
    (charge,) = sandbox.client.v1.charges.list().data
    assert charge.outcome is not None
    assert charge.failure_code == card.decline.code
    assert charge.outcome.advice_code == card.decline.advice
    assert status(sandbox, session) == "open"


def test_a_card_may_be_declined_after_the_bank_was_asked(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    bank = submit(session.url, card="typed", number="4000008400001629").headers["location"]
    assert submit(bank, answer="approve").headers["location"] == session.url
    assert "Your card was declined." in read(session.url).text
    assert status(sandbox, session) == "open"


def test_a_customer_who_leaves_the_bank_leaves_the_visit_open(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    left = sandbox.pay(session.id, "three_d_secure_abandoned")
    assert (left.paid, left.code, left.session) == (False, "abandoned", "open")
    shown = sandbox.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert shown.payment_intent.status == "requires_action"  # type: ignore[union-attr]
    sandbox.clock.advance(24 * 3600)
    ended = sandbox.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (ended.status, ended.payment_intent.status) == ("expired", "canceled")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"card": "typed", "number": ""}, "Your card number is incorrect."),
        ({"card": "typed", "number": "4242424242424241"}, "Your card number is incorrect."),
        ({"card": "typed", "number": "4111111111111111"}, "used a non test card"),
        ({"card": "golden", "number": "12"}, "Your card number is incorrect."),
    ],
)
def test_a_wrong_number_is_told_beside_its_field_and_nothing_is_tried(
    sandbox: Sandbox, form: dict[str, str], words: str
) -> None:
    session = opened(sandbox)
    answer = submit(session.url, **form)
    page = Page(answer.text)
    assert answer.status_code == 422
    assert words in page.text
    assert page.fields["number"][0]["aria-invalid"] == "true"
    assert page.fields["number"][0]["value"] == form["number"]
    assert not sandbox.events()


def test_what_is_typed_comes_back_as_text(sandbox: Sandbox) -> None:
    session = opened(
        sandbox,
        customer_email=None,
        line_items=[{"price_data": price("<b>Tea</b>", 500), "quantity": 1}],
    )
    answer = submit(session.url, email='"><script>alert(1)</script>')
    assert "<script>" not in answer.text
    assert "<b>" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_3d_secure_asks_on_the_banks_page(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    bank = submit(session.url, card="three_d_secure").headers["location"]
    page = read(bank)
    assert "Do you approve this payment?" in page.text
    assert "€30.48" in page.text
    assert [field["value"] for field in page.fields["answer"]] == ["approve", "refuse"]
    back = submit(bank, answer="refuse")
    assert back.headers["location"] == session.url
    assert "You did not approve the payment. Nothing was charged." in read(session.url).text
    assert status(sandbox, session) == "open"
    assert "does not wait for your approval" in read(bank).text
    again = submit(session.url, card="three_d_secure").headers["location"]
    thanks = submit(again, answer="approve")
    assert thanks.headers["location"].startswith("https://shop.example/thanks")
    assert "does not wait for your approval" in submit(again, answer="approve").text
    assert len(sandbox.client.v1.charges.list().data) == 1


def test_a_customer_who_left_the_bank_may_pay_with_another_card(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    bank = submit(session.url, card="three_d_secure").headers["location"]
    submit(session.url, card="visa")
    assert status(sandbox, session) == "complete"
    assert "does not wait" in submit(bank, answer="approve").text
    assert len(sandbox.client.v1.charges.list().data) == 1


def test_an_expired_session_shows_that_it_is_over(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    bank = submit(session.url, card="three_d_secure").headers["location"]
    sandbox.clock.advance(24 * 3600)
    for answer in (httpx.get(str(session.url)), submit(session.url, card="visa")):
        assert answer.status_code == 410
        assert "This page has expired" in Page(answer.text).text
    assert submit(bank, answer="approve").status_code == 404
    assert not sandbox.client.v1.charges.list().data


def test_a_page_that_never_was_says_so(sandbox: Sandbox) -> None:
    answer = httpx.get(f"{sandbox.url}/pay/cs_nowhere")
    assert (answer.status_code, "This page does not exist" in answer.text) == (404, True)
    assert httpx.get(f"{sandbox.url}/authenticate/pi_nowhere").status_code == 404


def test_a_held_payment_is_announced_as_one(sandbox: Sandbox) -> None:
    page = read(opened(sandbox, payment_intent_data={"capture_method": "manual"}).url)
    assert "Your card is only reserved now." in page.text


def test_address_contact_and_shipping_reach_the_shop(sandbox: Sandbox) -> None:
    def rate(name: str, minor: int) -> dict[str, Any]:
        fixed = {"amount": minor, "currency": "eur"}
        return {"shipping_rate_data": {"display_name": name, "type": "fixed_amount", "fixed_amount": fixed}}

    session = opened(
        sandbox,
        customer_email=None,
        phone_number_collection={"enabled": True},
        shipping_address_collection={"allowed_countries": ["IE", "DE"]},
        shipping_options=[rate("Post", 490), rate("Courier", 990)],
    )
    page = read(session.url)
    assert "in all €40.38" in page.text
    courier = str(page.fields["shipping"][1]["value"])
    form = {
        "email": "bob@example.com",
        "phone": "+49 30 1234567",
        "name": "Bob Bär",
        "line1": "Hauptstraße 1",
        "city": "Berlin",
        "country": "DE",
        "shipping": courier,
    }
    for left_out, words in (
        ("email", "Please give an e-mail address"),
        ("phone", "Please give a phone number."),
        ("name", "Please give your name."),
        ("line1", "Please give street and number."),
        ("city", "Please give the town."),
        ("country", "Please choose a country that the shop sends to."),
    ):
        answer = submit(session.url, **{**form, left_out: ""})
        assert (answer.status_code, words in Page(answer.text).text) == (422, True)
    assert submit(session.url, **form).status_code == 303
    done = sandbox.client.v1.checkout.sessions.retrieve(session.id)
    assert done.customer_details is not None
    assert (done.customer_details.email, done.customer_details.phone) == ("bob@example.com", "+49 30 1234567")
    assert done.collected_information is not None
    assert done.collected_information.shipping_details is not None
    assert done.collected_information.shipping_details.address.line1 == "Hauptstraße 1"
    assert done.amount_total == 3048 + 990
    (charge,) = sandbox.client.v1.charges.list().data
    assert charge.amount == 4038
