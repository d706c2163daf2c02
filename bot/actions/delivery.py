"""How an order gets to its customer: the ways there are, what each costs, and whether it goes there."""

from typing import Any

from babel.numbers import format_percent

from bot.actions.addresses import country_name
from bot.actions.choices import Option, offer
from bot.actions.purchase import Purchase, chosen_point, destination, purchase
from bot.dialogue.dialogue import Dialogue, Outcome, action
from bot.dialogue.state import Choice
from bot.dialogue.tokens import payload
from shop.delivery.offers import Offer, obstacle
from shop.money import Money


@action()
def ask_delivery(dialogue: Dialogue) -> None:
    """The ways to get it, with what each costs for this cart and this country."""
    found = purchase(dialogue)
    dialogue.set_slot("told_country", destination(dialogue))
    dialogue.state.choices = [
        Choice(
            value=each.code,
            label=each.option.label,
            words=[each.code, *each.option.label.split()],
            price=each.price.minor,
        )
        for each in found.offers
    ]
    buttons = [dialogue.button(each.option.label, payload(None, delivery=each.code)) for each in found.offers]
    words = dialogue.words("utter_ask_delivery", options=_facts(dialogue, found))
    dialogue.say_with(words, buttons, reply="utter_ask_delivery")


@action("listed")
def list_delivery(dialogue: Dialogue) -> Outcome:
    """What each way costs for this cart, from the shop's own settings."""
    country = country_name(destination(dialogue), dialogue.language)
    return Outcome("listed", {"options": _facts(dialogue, purchase(dialogue)), "country": country})


def _facts(dialogue: Dialogue, found: Purchase) -> list[dict[str, Any]]:
    currency = dialogue.profile.currency
    return [
        {
            "label": each.option.label,
            "time": each.option.time,
            "price": each.price,
            "free_from": Money.from_decimal(each.option.free_from, currency)
            if each.option.free_from is not None and each.price
            else None,
            "saves": _saving(dialogue, each),
        }
        for each in found.offers
    ]


def _saving(dialogue: Dialogue, offer: Offer) -> str:
    """What fetching saves, in words: "5%", "€2.00"; empty when nothing."""
    for rebate in offer.rebates:
        if rebate.percent is not None:
            share = rebate.percent / 100
            return format_percent(share, locale=dialogue.language, decimal_quantization=False)
        assert rebate.amount is not None, "a rebate is a part or an amount"
        return rebate.amount.format(dialogue.language)
    return ""


@action("address_needed", "choose_point", "no_address", "unknown", "not_there", "too_heavy")
def check_delivery(dialogue: Dialogue) -> Outcome:
    """Whether the chosen way is possible, and needs an address or a point; one that is not is asked for again."""
    found = purchase(dialogue)
    if found.offer is None:
        return _impossible(dialogue, found)
    if found.offer.option.needs_address:
        return Outcome("address_needed")
    point = chosen_point(dialogue, found.offer)
    return Outcome("choose_point" if point is None and found.offer.option.points else "no_address")


@action("as_told", "other_terms", "not_there", "too_heavy", "unknown")
def check_destination(dialogue: Dialogue) -> Outcome:
    """Now that the address is known: whether the chosen way goes there, and whether it is as was told."""
    found, country = purchase(dialogue), destination(dialogue)
    if found.offer is None:
        return _impossible(dialogue, found)
    told = dialogue.slot("told_country") or dialogue.profile.country
    dialogue.set_slot("told_country", country)
    if country == told:
        return Outcome("as_told")
    facts = {
        "option": found.offer.option,
        "price": found.offer.price,
        "country": country_name(country, dialogue.language),
    }
    return Outcome("other_terms", facts)


def _impossible(dialogue: Dialogue, found: Purchase) -> Outcome:
    """The chosen way is taken back, with the reason."""
    code, country = str(dialogue.slot("delivery")), destination(dialogue)
    dialogue.set_slot("delivery", None)
    option = dialogue.profile.option(code, country)
    known = option or dialogue.profile.option(code)
    if known is None:
        return Outcome("unknown")
    facts = {"option": known, "country": country_name(country, dialogue.language)}
    if option is None:
        return Outcome("not_there", facts)
    return Outcome("too_heavy", {**facts, "nothing": obstacle(dialogue.profile, found.goods, country)})


@action()
def ask_pickup_point(dialogue: Dialogue) -> None:
    """The points with their hours, to tap or to name."""
    found = purchase(dialogue).offer
    points = found.option.points if found else ()
    options = (Option(point.code, point.label, words=[point.label, point.address]) for point in points)
    offer(dialogue, "pickup_point", "utter_ask_pickup_point", options, points=points)
