"""One deal: its prices and rules, what staff may do with it next, and its groups with their history."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from nicegui import ui
from sqlalchemy.orm import Session

from bot.deals import staffing
from console.deal_card import prices_of, show_card
from console.deal_form import show_problems
from console.deal_words import (
    AUDIENCE_WORDS,
    GROUP_WORDS,
    PATH,
    PAYMENT_WORDS,
    happening,
    hours,
    seats,
    status_badge,
)
from console.elements import box, button, link, text, time_tag
from console.fulfilment import STAFF
from console.notation import notation_of
from console.reads.deals import DealFacts, GroupRow, facts_of
from console.services import ConsoleServices
from console.staff_frame import badge, empty_state, page_links
from shop.deals import editing
from shop.deals.groups import OPEN
from shop.deals.model import DEAL_MOVES, Deal, DealStatus


class DealView:
    """One deal. After anything was done it shows itself anew."""

    def __init__(self, services: ConsoleServices, code: str, *, page: int) -> None:
        self._services = services
        self._code = code
        self._page = page
        self._notation = notation_of(services.profile)

    def build(self, facts: DealFacts) -> None:
        """Lay it out."""
        link("← All deals", PATH, "back")
        self._frame = box("order")
        self._show(facts)

    def _show(self, facts: DealFacts) -> None:
        self._frame.clear()
        with self._frame:
            with box("order-head"):
                text(facts.row.title, tag="h1", dir="auto")
                status_badge(facts.row.status)
            self._show_next_steps(facts)
            show_problems(box("deal-mistakes"), facts.problems)
            with box("deal-columns"):
                with box("panel"):
                    self._show_prices(facts)
                    self._show_rules(facts)
                with box("deal-beside"):
                    show_card(facts.draft, facts.goods, self._notation)
            self._show_groups(facts)

    # ------------------------------------------------------------------ what may be done

    def _show_next_steps(self, facts: DealFacts) -> None:
        status = facts.row.status
        with box("deal-steps"):
            if status is DealStatus.DRAFT:
                self._offer("Publish", _publish, "is published", primary=True)
            if status is DealStatus.LIVE:
                self._offer("Pause", _pause, "is paused: no new group begins")
            if status is DealStatus.PAUSED:
                self._offer("Resume", _resume, "is live again", primary=True)
            if status not in editing.OVER:
                link("Change it", f"{PATH}/{self._code}/change", "chat-button")
            if DealStatus.ENDED in DEAL_MOVES[status]:
                self._offer_ending()
            if DealStatus.CANCELLED in DEAL_MOVES[status] and status is not DealStatus.DRAFT:
                self._offer_calling_off(facts)

    def _offer(self, words: str, work: "Work", done: str, *, primary: bool = False) -> None:
        button(words, lambda: self._do(work, done), "chat-button primary" if primary else "chat-button")

    def _offer_ending(self) -> None:
        with box("deal-end", tag="details"):
            text("End it early …", tag="summary")
            text(
                "No new group begins, and it cannot be begun again. Groups that began may still fill.",
                tag="p",
            )
            self._offer("End it now", _end, "has ended")

    def _offer_calling_off(self, facts: DealFacts) -> None:
        with box("deal-end", tag="details"):
            text("Call it off …", tag="summary")
            text(
                "No new group begins, and groups that still fill end: everybody in them has their money back. "
                "It cannot be begun again.",
                tag="p",
            )
            self._offer(
                "Call it off now", partial(_call_off, deal_id=facts.id), "is called off; the money goes back"
            )

    def _offer_completing(self, group: GroupRow) -> None:
        words = "Take the free seats as the shop"
        button(words, lambda: self._complete(group), "chat-button")

    async def _complete(self, group: GroupRow) -> None:
        """Say whether the group is full now: somebody who is paying keeps their seat."""

        def work(session: Session, _deal: Deal, *, at: datetime) -> str:
            if staffing.fill(session, group.id, by=STAFF, at=at):
                return "completed the group: every order goes ahead"
            return "takes the free seats, and waits for who is paying now"

        await self._do(work, None)

    async def _do(self, work: "Work", done: str | None) -> None:
        """Do it and say so, in the words of `work` where there are no other."""
        services, at = self._services, self._services.clock.now()
        try:
            answer = await services.database.run(
                lambda session: work(session, editing.take(session, self._code), at=at)
            )
            await services.wake()
            ui.notify(f"{self._code} {done or answer}.", type="positive")
        finally:  # a refusal too means that what the page shows is old
            fresh = await services.database.look(
                lambda session: facts_of(session, self._code, page=self._page, at=services.clock.now())
            )
            if fresh is not None:
                self._show(fresh)

    # ------------------------------------------------------------------ what there is

    def _show_prices(self, facts: DealFacts) -> None:
        text("Prices", "facts-title", tag="h2")
        link(facts.goods.title, f"/staff/catalogue?search={facts.goods.handle}")
        with box("deal-price-table", tag="table"):
            with box(tag="thead"), box(tag="tr"):
                for column in ("Kind", "Single", f"Together, for {facts.row.size}"):
                    text(column, tag="th", scope="col")
            with box(tag="tbody"):
                for price in prices_of(facts.draft, facts.goods):
                    with box(tag="tr"):
                        text(price.kind.label or price.kind.sku, tag="td", dir="auto")
                        text(self._notation.money(price.kind.single), "amount", tag="td")
                        text(self._notation.money(price.together), "amount", tag="td")

    def _show_rules(self, facts: DealFacts) -> None:
        text("Rules", "facts-title", tag="h2")
        with box("facts deal-facts", tag="dl"):
            for name, value in self._rules(facts):
                with box("fact"):
                    text(name, tag="dt")
                    text(value, tag="dd", dir="auto")

    def _rules(self, facts: DealFacts) -> list[tuple[str, str]]:
        draft, moment = facts.draft, self._notation.moment
        in_all = (
            f"{facts.row.units_taken} of {draft.quota}"
            if draft.quota
            else f"{facts.row.units_taken}, no limit"
        )
        rules = [
            ("Code", facts.row.code),
            ("Starts", moment(draft.starts_at) if draft.starts_at else ""),
            ("Ends", moment(draft.ends_at) if draft.ends_at else "When you end it"),
            ("Time to fill", hours(draft.window_hours)),
            ("Units taken", in_all),
            (
                "Units each",
                f"{draft.units_per_order_max} an order, {draft.units_per_customer_max} a customer in all",
            ),
            ("For whom", AUDIENCE_WORDS[draft.audience]),
            ("Payment", PAYMENT_WORDS[draft.payment]),
            ("Coupons", "Count on top" if draft.coupons_stack else "Not on top"),
        ]
        if draft.completes_from is not None:
            rules.append(("Filled by you", f"From {draft.completes_from} paid seats on"))
        return rules

    def _show_groups(self, facts: DealFacts) -> None:
        text("Groups", "deal-groups-title", tag="h2")
        if not facts.groups.rows:
            empty_state(
                "No groups yet", "When a customer starts one, it appears here with its seats and its history."
            )
        for group in facts.groups.rows:
            self._show_group(facts, group)
        page_links(f"{PATH}/{self._code}", facts.groups)

    def _show_group(self, facts: DealFacts, group: GroupRow) -> None:
        with box("problem", tag="article"):
            with box("problem-head"):
                badge(*GROUP_WORDS[group.status])
                text(seats(group), "problem-what", tag="h3")
                text(
                    f"led by {group.leader}" if group.leader else "nobody leads it yet",
                    "facts-note",
                    dir="auto",
                )
                self._show_deadline(group)
            if may_complete(facts, group):
                self._offer_completing(group)
            with box(tag="details"):
                text("History", tag="summary")
                with box("plain-list", tag="ol"):
                    for line in group.history:
                        text(f"{self._notation.moment(line.at)}: {happening(line)}", tag="li", dir="auto")

    def _show_deadline(self, group: GroupRow) -> None:
        if group.closes_at is None:
            text("Its time begins with the first payment", "inbox-time")
        else:
            time_tag(group.closes_at, f"until {self._notation.moment(group.closes_at)}", "inbox-time")


Work = Callable[..., Any]


def may_complete(facts: DealFacts, group: GroupRow) -> bool:
    """Whether the shop may take the seats that are left (rule 12)."""
    share = facts.draft.completes_from
    return group.status in OPEN and share is not None and group.paid >= share


def _publish(session: Session, deal: Deal, **when: Any) -> None:
    editing.publish(session, deal, **when)


def _pause(_session: Session, deal: Deal, **when: Any) -> None:
    editing.pause(deal, **when)


def _resume(_session: Session, deal: Deal, **when: Any) -> None:
    editing.resume(deal, **when)


def _call_off(session: Session, _deal: Deal, *, deal_id: UUID, at: datetime) -> None:
    staffing.cancel(session, deal_id, by=STAFF, why="called off", at=at)


def _end(_session: Session, deal: Deal, **when: Any) -> None:
    editing.end_early(deal, **when)
