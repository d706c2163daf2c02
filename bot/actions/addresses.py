"""Where an order goes: typed, shared, picked from the address book, or left to Telegram's own form."""

from typing import Any, Final, cast
from uuid import UUID

from babel import Locale

from bot.actions.payment_choice import invoice_for
from bot.actions.purchase import purchase
from bot.dialogue.dialogue import Dialogue, Outcome, action
from bot.dialogue.tokens import payload
from shop.customers import addresses
from shop.customers.model import PIN
from shop.delivery.offers import obstacle
from shop.orders.service import IN_FORM

SAVED_SHOWN_MAX: Final = 4
LABEL_LETTERS_MAX: Final = 40


@action()
def ask_address(dialogue: Dialogue) -> None:
    """Ask for it, with the addresses that they used before to tap."""
    saved = addresses.saved(dialogue.session, dialogue.customer)[:SAVED_SHOWN_MAX]
    buttons = [
        dialogue.button(_label(address_line(each.address)), payload(None, address=each.id)) for each in saved
    ]
    found = purchase(dialogue)
    if (
        found.joining is None and invoice_for(dialogue, found) is not None
    ):  # a seat's price is agreed beforehand
        buttons.append(dialogue.button(dialogue.words("words_fill_in_form"), payload(None, address=IN_FORM)))
    words = dialogue.words("utter_ask_address", saved=len(saved))
    dialogue.say_with(words, buttons, reply="utter_ask_address")


@action("complete", "no_town", "no_street", "only_pin", "abroad", "gone", "form")
def complete_address(dialogue: Dialogue) -> Outcome:
    """Put the parts of the address together, and see whether a parcel would find it and may go there."""
    told = dialogue.slot("address")
    if told == IN_FORM:
        return Outcome("form")
    address = _from_book(dialogue, told)
    if address is None:
        dialogue.set_slot("address", None)
        return Outcome("gone")
    if isinstance(address, str):  # kept by an older version as it was written
        return Outcome("complete")
    rest: dict[str, str] = dialogue.slot("address_rest") or {}
    whole: dict[str, str] = {**address, **rest}
    dialogue.set_slot("address_rest", None)
    country = whole.get("country")
    if country is not None and obstacle(dialogue.profile, (), country) == "country":
        dialogue.set_slot("address", None)
        there = [country_name(each, dialogue.language) for each in dialogue.profile.countries]
        return Outcome("abroad", {"country": country_name(country, dialogue.language), "countries": there})
    dialogue.set_slot("address", whole)
    street = whole.get("street", "")
    if not street:
        return Outcome("only_pin" if whole.keys() <= {PIN} else "no_street")
    has_town = whole.get("city") or whole.get("postcode") or "," in street
    return Outcome("complete" if has_town else "no_town")


def _from_book(dialogue: Dialogue, told: Any) -> dict[str, str] | str | None:
    """The address that was told, or the saved one that a button named; None when that is gone."""
    if isinstance(told, dict):
        return cast("dict[str, str]", told)
    try:
        known = UUID(str(told))
    except ValueError:
        return str(told)
    return addresses.find(dialogue.session, dialogue.customer, known)


def country_name(code: str, language: str) -> str:
    """What a language calls a country (ISO 3166 code); the code where it has no name for it."""
    territories: dict[str, str] = dict(cast("Any", Locale.parse(language)).territories)
    return territories.get(code, code)


def address_line(address: dict[str, Any] | str | None) -> str:
    """An address on one line, as on an envelope."""
    if not isinstance(address, dict):
        return address or ""
    town = " ".join(str(part) for part in (address.get("postcode"), address.get("city")) if part)
    return ", ".join(str(part) for part in (address.get("street"), town, address.get("country")) if part)


def _label(line: str) -> str:
    return line if len(line) <= LABEL_LETTERS_MAX else f"{line[: LABEL_LETTERS_MAX - 1]}…"
