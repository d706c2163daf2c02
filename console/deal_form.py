"""The form in which staff draft a deal or change one, with its card and its mistakes beside it while they write."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element
from sqlalchemy.orm import Session

from console.deal_card import show_card
from console.deal_words import AUDIENCE_WORDS, PATH, PAYMENT_WORDS, field_of
from console.elements import box, text
from console.forms import Fields, chosen, form, labelled
from console.notation import notation_of
from console.reads.deals import Goods
from console.services import ConsoleServices
from shop.deals import editing, offers
from shop.deals.drafts import TITLE_LETTERS_MAX, Draft, Problem, examine
from shop.deals.editing import Mistaken
from shop.deals.model import HOURS_MAX, HOURS_MIN, SIZE_MAX, SIZE_MIN

SAID: Final = (
    "code",
    "title",
    "size",
    "window_hours",
    "units_per_order_max",
    "units_per_customer_max",
    "seats_per_customer_max",
    "audience",
    "coupons_stack",
    "payment",
)
MAY_BE_EMPTY: Final = ("quota", "completes_from")
COUPONS: Final = (("false", "No coupons on top"), ("true", "Coupons count on top"))


class DealForm:
    """A deal of `goods`; `known` is the one that it changes, None for a new one."""

    def __init__(self, services: ConsoleServices, goods: Goods, known: Draft | None) -> None:
        self._services = services
        self._goods = goods
        self._known = known
        self._notation = notation_of(services.profile)
        self._inputs: dict[str, Element] = {}

    def build(self) -> None:
        """Lay it out."""
        draft = self._known or Draft(product=self._goods.handle)
        submit = "Save changes" if self._known else "Save as a draft"
        with box("deal-columns"):
            with form(submit, self._save, classes="deal-form panel", typed=self._look):
                self._ask_for_the_offer(draft)
                self._ask_for_the_group(draft)
                self._ask_for_times(draft)
                self._ask_for_limits(draft)
            with box("deal-beside"):
                self._mistakes = box("deal-mistakes", role="status")
                self._card = box()
        self._show_card(draft)

    # ------------------------------------------------------------------ the fields

    def _ask_for_the_offer(self, draft: Draft) -> None:
        text("The offer", "facts-title", tag="h2")
        with box("deal-fields"):
            most = str(TITLE_LETTERS_MAX)
            self._ask("Title", "title", draft.title, hint="Customers read it on the card.", maxlength=most)
            if self._known is None:
                self._ask("Code", "code", draft.code, hint="Small letters and dashes, as in honey-for-three.")
        for place, kind in enumerate(self._goods.kinds):
            price = draft.prices.get(kind.sku)
            words = f"Group price, {kind.label}" if kind.label else "Group price"
            self._inputs[f"prices.{kind.sku}"] = labelled(
                words,
                f"price-{place}",
                value="" if price is None else str(price),
                hint=f"{kind.sku}, single price {self._notation.money(kind.single)}",
                inputmode="decimal",
            )
        if not self._goods.kinds:
            text(
                "None of its kinds has a SKU. Give them one in the product file first.", "facts-note", tag="p"
            )

    def _ask_for_the_group(self, draft: Draft) -> None:
        text("The group", "facts-title", tag="h2")
        with box("deal-fields"):
            self._count("Seats in a group", "size", draft.size, SIZE_MIN, SIZE_MAX)
            self._count("Hours to fill it", "window_hours", draft.window_hours, HOURS_MIN, HOURS_MAX)
        self._choose("Payment", "payment", PAYMENT_WORDS.items(), draft.payment.value)

    def _ask_for_times(self, draft: Draft) -> None:
        text("When", "facts-title", tag="h2")
        zone = f"In the shop’s time, {self._services.profile.time_zone}."
        with box("deal-fields"):
            for name, label, empty in (
                ("starts_at", "Starts", "Empty: as soon as it is published."),
                ("ends_at", "Ends", "Empty: when you end it."),
            ):
                at: datetime | None = getattr(draft, name)
                value = at.astimezone(self._notation.zone).strftime("%Y-%m-%dT%H:%M") if at else ""
                self._ask(label, name, value, hint=f"{empty} {zone}", type="datetime-local")

    def _ask_for_limits(self, draft: Draft) -> None:
        text("Limits", "facts-title", tag="h2")
        with box("deal-fields"):
            self._ask_number("Units in all", "quota", draft.quota, hint="Empty: as many as there are.")
            self._ask_number("Units an order", "units_per_order_max", draft.units_per_order_max)
            self._ask_number(
                "Units a customer, in all", "units_per_customer_max", draft.units_per_customer_max
            )
        with box(tag="details"):
            text("More: leader’s bonus, for whom, coupons", tag="summary")
            with box("deal-fields"):
                bonus = str(draft.leader_bonus) if draft.leader_bonus else ""
                hint = "Off the order of whoever starts a group. Empty: none."
                self._ask("Leader’s bonus", "leader_bonus", bonus, hint=hint, inputmode="decimal")
                hint = "So many paid seats, and you may fill the rest yourself. Empty: never."
                self._ask_number("The shop may fill from", "completes_from", draft.completes_from, hint=hint)
                hint = "Of this deal, that one customer may be in."
                self._ask_number(
                    "Groups at a time", "seats_per_customer_max", draft.seats_per_customer_max, hint=hint
                )
            self._choose("For whom", "audience", AUDIENCE_WORDS.items(), draft.audience.value)
            self._choose("Coupons", "coupons_stack", COUPONS, str(draft.coupons_stack).lower())

    def _ask(self, label: str, name: str, value: str, *, hint: str = "", **attributes: str) -> None:
        self._inputs[name] = labelled(label, name, value=value, hint=hint, **attributes)

    def _ask_number(self, label: str, name: str, value: int | None, *, hint: str = "") -> None:
        self._ask(label, name, "" if value is None else str(value), hint=hint, inputmode="numeric")

    def _count(self, label: str, name: str, value: int, least: int, most: int) -> None:
        self._ask(label, name, str(value), hint=f"From {least} to {most}.", inputmode="numeric")

    def _choose(self, label: str, name: str, words: Iterable[tuple[str, str]], value: str) -> None:
        self._inputs[name] = chosen(label, name, list(words), value)

    # ------------------------------------------------------------------ what is made of them

    async def _look(self, fields: Fields) -> None:
        draft, problems = await self._services.database.look(lambda session: self._examine(session, fields))
        self._show_card(draft)
        self._show_mistakes(problems)

    def _examine(self, session: Session, fields: Fields) -> tuple[Draft, list[Problem]]:
        deal = offers.find(session, self._known.code) if self._known else None
        return examine(session, self._written(fields), at=self._services.clock.now(), deal=deal)

    def _written(self, fields: Fields) -> Mapping[str, object]:
        code = {"code": self._known.code} if self._known else {}
        return {**written_in(fields, self._goods, self._notation.zone), **code}

    async def _save(self, fields: Fields) -> None:
        try:
            code = await self._services.database.run(lambda session: self._keep(session, fields))
        except Mistaken as mistaken:
            self._show_mistakes(mistaken.problems)
            ui.notify("Not saved yet: please mend what is listed.", type="warning")
        else:
            ui.navigate.to(f"{PATH}/{code}")

    def _keep(self, session: Session, fields: Fields) -> str:
        at = self._services.clock.now()
        draft, problems = self._examine(session, fields)
        if problems:
            raise Mistaken(problems)
        if self._known is None:
            return editing.create(session, draft, at=at).code
        editing.change(session, editing.take(session, self._known.code), draft, at=at)
        return self._known.code

    def _show_card(self, draft: Draft) -> None:
        self._card.clear()
        with self._card:
            show_card(draft, self._goods, self._notation)

    def _show_mistakes(self, problems: list[Problem] | tuple[Problem, ...]) -> None:
        wrong = {problem.field for problem in problems}
        for name, made in self._inputs.items():
            made.props["aria-invalid"] = "true" if name in wrong else "false"
        show_problems(self._mistakes, problems)


def written_in(fields: Fields, goods: Goods, zone: ZoneInfo) -> Mapping[str, object]:
    """What the form's fields say, by the names of a draft; times are the shop's. What cannot be read stays as it is."""
    said = {name: fields[name] for name in SAID if name in fields}
    optional = {name: fields.get(name, "").strip() or None for name in MAY_BE_EMPTY}
    times = {name: _time(fields.get(name, ""), zone) for name in ("starts_at", "ends_at")}
    typed = {kind.sku: fields.get(f"price-{place}", "") for place, kind in enumerate(goods.kinds)}
    prices = {sku: _amount(words) for sku, words in typed.items() if words.strip()}
    bonus = _amount(fields.get("leader_bonus", "")) or "0"
    return said | optional | times | {"product": goods.handle, "prices": prices, "leader_bonus": bonus}


def _amount(words: str) -> str:
    """People write 18,50 as well as 18.50."""
    return words.strip().replace(",", ".")


def _time(words: str, zone: ZoneInfo) -> datetime | str | None:
    if not words.strip():
        return None
    try:
        return datetime.fromisoformat(words).replace(tzinfo=zone)
    except ValueError:
        return words


def show_problems(frame: Element, problems: list[Problem] | tuple[Problem, ...]) -> None:
    """Each mistake under the name of its field; nothing where there is none."""
    frame.clear()
    if not problems:
        return
    with frame:
        text("Before it can be saved" if len(problems) > 1 else "One thing before it can be saved", tag="h2")
        with box(tag="ul"):
            for problem in problems:
                with box(tag="li"):
                    text(field_of(problem), "problem-field")
                    text(problem.message, dir="auto")
