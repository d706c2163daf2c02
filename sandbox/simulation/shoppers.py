"""Shoppers: what each wants of a visit and how they react to their screen. They see labels and words, nothing else.

A visit is a generator: it yields what the person does next, and is sent what is on their screen then.
"""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from sandbox.people.person import PAY_PATH, Seen
from sandbox.simulation import words
from sandbox.simulation.acts import Act, Do

HOUR_SECONDS: Final = 3600
ANSWERS_MAX: Final = 14  # so long anybody goes on with a checkout
OLD_LABELS_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class View:
    """What the shop wrote since the person last looked, and how their last doing went."""

    new: tuple[Seen, ...] = ()
    could_not: bool = False  # there was no such button, nothing to pay …
    paid: bool | None = None  # whether their card was taken, where they paid

    @property
    def text(self) -> str:
        """All the words, in small letters."""
        return "\n".join(seen.text for seen in self.new).casefold()

    @property
    def labels(self) -> list[str]:
        """What can be pressed, the newest first."""
        return [action.label for seen in reversed(self.new) for action in seen.actions]

    def label(self, *beginnings: str) -> str | None:
        """The first label that begins with one of these, tried in this order."""
        for beginning in beginnings:
            for label in self.labels:
                if label.casefold().startswith(beginning.casefold()):
                    return label
        return None

    @property
    def has_seat(self) -> bool:
        """Whether they are told that they are in a group now."""
        return "you have your seat" in self.text or "aside for your seat" in self.text

    @property
    def asks_for_money(self) -> bool:
        """Whether there is an invoice, or a link to a payment page."""
        return any(
            action.kind == "pay" or PAY_PATH in action.value for seen in self.new for action in seen.actions
        )


@dataclass(frozen=True, slots=True)
class Doing:
    """What comes next: one act, or several at once; after a while, if `after_seconds` says so."""

    acts: tuple[Act, ...]
    after_seconds: int = 0


Visit = Generator[Doing, View, None]
Talk = Generator[Doing, View, View]


def say(*texts: str, after_seconds: int = 0) -> Doing:
    return Doing(tuple(Act(Do.SAY, text) for text in texts), after_seconds)


def tap(label: str) -> Doing:
    return Doing((Act(Do.TAP, label),))


@dataclass
class Shopper:
    """One person over all their visits. `random` is replaced for each visit by that visit's own."""

    key: str
    channel: str
    first_name: str
    last_name: str
    address: str
    phone: str
    random: Random
    has_cart: bool = False
    has_ordered: bool = False
    has_seat: bool = False
    old_labels: list[str] = field(default_factory=list[str])

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    def visit(self, number: int, random: Random) -> Visit:
        """All they do this time."""
        self.random = random
        if number > 0 and self._happens(0.5):
            yield from self._come_back()
            return
        yield from self._start_group() if self._happens(0.3) else self._look_around()

    def follow(self, inviter: str, random: Random) -> Visit:
        """A friend's link brings them to a group."""
        self.random = random
        view = yield from self._do(Doing((Act(Do.FOLLOW, inviter),)))
        if not view.could_not:
            yield from self._take_seat(view)

    # ── why they come ───────────────────────────────────────────────────────────────────────────────

    def _look_around(self) -> Visit:
        """Find something; buy it, if they like it."""
        if self._happens(0.25):
            yield from self._do(Doing((Act(Do.OPEN),)) if self._happens(0.5) else say("hello"))
        view = yield from self._find()
        if self._happens(0.3):
            view = yield from self._look_closer(view)
        if self._happens(0.15):
            yield from self._misbehave()
        if not (yield from self._put_in_cart(view)):
            return
        if self._happens(0.3):
            yield from self._change_mind()
        if self._happens(0.25):
            view = yield from self._find()
            yield from self._put_in_cart(view)
        if self._happens(0.8):
            yield from self._check_out()

    def _come_back(self) -> Visit:
        """Take up what an earlier visit left."""
        reasons: list[Callable[[], Visit]] = [
            self._ask_for_order,
            self._misbehave,
            self._tap_old,
            self._block,
        ]
        if self.has_ordered:
            reasons += [self._ask_for_order, self._cancel]
        if self.has_cart:
            reasons += [self._check_out, self._check_out, self._change_mind]
        if self.has_seat:
            reasons += [self._ask_for_group, self._leave_group, self._start_group]
        yield from self.random.choice(reasons)()

    # ── finding ─────────────────────────────────────────────────────────────────────────────────────

    def _find(self) -> Talk:
        if self._happens(0.25):
            view = yield from self._do(
                say(self.random.choice(("what do you have?", "browse", "show me around")))
            )
            rooms = [label for label in view.labels if not label.startswith(("Checkout", "My cart", "Where"))]
            return (yield from self._do(tap(self.random.choice(rooms)))) if rooms else view
        wish = self.random.choice(words.WISHES)
        view = yield from self._do(say(words.typo(wish, self.random) if self._happens(0.25) else wish))
        more = view.label("Show more")
        if more and self._happens(0.2):
            view = yield from self._do(tap(more))
        return view

    def _look_closer(self, view: View) -> Talk:
        if self._happens(0.5) and view.label("Details"):
            closer = yield from self._do(tap("Details"))
            if self._happens(0.5):
                closer = yield from self._do(say(self.random.choice(words.QUESTIONS)))
            return closer if closer.label("Add to cart", "Choose") else view
        asked = self.random.choice(
            ("cheaper", "the second one", "in blue", "how much is it?", "compare them")
        )
        closer = yield from self._do(say(asked))
        return closer if closer.label("Add to cart", "Choose") else view

    def _put_in_cart(self, view: View) -> Generator[Doing, View, bool]:
        """True when something is in the cart now."""
        label = view.label("Add to cart", "Choose")
        if label is None:
            return False
        if self._happens(0.2):
            view = yield from self._do(
                say(self.random.choice(("2 of the first one", "I take the first one", "3 please")))
            )
        else:
            view = yield from self._do(tap(label))
        for _ in range(3):
            if "in your cart" in view.text or "your cart already" in view.text:
                self.has_cart = True
                return True
            if not view.labels or "sold out" in view.text:
                return False
            if "how many" in view.text:
                view = yield from self._do(say("1"))
            else:
                view = yield from self._do(tap(self.random.choice(view.labels)))
        return self.has_cart

    def _change_mind(self) -> Visit:
        view = yield from self._do(
            say(
                self.random.choice(
                    (
                        "make it 3",
                        "actually only 1",
                        "sorry, 2, blue",
                        "in black, please",
                        "remove it",
                        "take out the mug",
                        "empty the cart",
                        "what is in my cart?",
                        "not that one",
                    )
                )
            )
        )
        if view.label("Yes, empty it"):
            view = yield from self._do(tap(self.random.choice(("Yes, empty it", "No, keep it"))))
        if "cart is empty" in view.text:
            self.has_cart = False

    # ── buying together ─────────────────────────────────────────────────────────────────────────────

    def _start_group(self) -> Visit:
        if self._happens(0.6):
            yield from self._do(say(self.random.choice(words.DEAL_WISHES)))
        view = yield from self._do(say(self.random.choice(words.GROUP_WISHES)))
        yield from self._take_seat(view)

    def _take_seat(self, view: View) -> Visit:
        """In the group that is shown, or in a new one where that is what they are offered."""
        label = view.label("Join", "Pay", "Start a group")
        if label is not None and not view.asks_for_money:
            view = yield from self._do(tap(label))
        if "not paid yet" in view.text and self._happens(0.4):
            yield from self._let_go()
        elif "which" in view.text and view.labels:  # of its variants
            view = yield from self._do(tap(self.random.choice(view.labels)))
        yield from self._answer_on(view)

    def _ask_for_group(self) -> Visit:
        view = yield from self._do(say(self.random.choice(words.GROUP_QUESTIONS)))
        if view.asks_for_money:
            yield from self._pay()
        elif self._happens(0.2):
            yield from self._leave_group()

    def _leave_group(self) -> Visit:
        view = yield from self._do(say("leave the group"))
        if view.label("Yes, leave", "Yes, let it go"):
            yield from self._do(tap(self.random.choice(("Yes, le", "Yes, le", "No, stay"))))

    def _let_go(self) -> Visit:
        view = yield from self._do(tap("Let it go"))
        if view.label("Yes, let it go"):
            yield from self._do(tap("Yes, let it go"))

    # ── buying ──────────────────────────────────────────────────────────────────────────────────────

    def _check_out(self) -> Visit:
        first = f"checkout, {self.name}, {self.address}, {self.phone}, standard delivery"
        view = yield from self._do(say(first) if self._happens(0.15) else say("checkout"))
        yield from self._answer_on(view)

    def _answer_on(self, view: View) -> Visit:
        """Whatever is asked on the way to the money, and then the money."""
        for _ in range(ANSWERS_MAX):
            if view.asks_for_money:
                self.has_cart, self.has_ordered = False, True
                yield from self._pay()
                return
            if self._happens(0.03):
                return  # they are called away; perhaps they come back
            doing = self._answer(view)
            if doing is None:
                return
            view = yield from self._do(doing)

    def _answer(self, view: View) -> Doing | None:
        """What they say to the newest question; None when there is nothing to go on with."""
        asked = view.text
        if self._happens(0.05):
            return say(self.random.choice((*words.QUESTIONS, "why do you need that?", "one moment please")))
        for question, answers in self._answers():
            if question in asked:
                return self.random.choice(list(answers))
        if "shall i place it" in asked:
            return self._confirm(view)
        if view.label("Checkout") and "cart is empty" not in asked:
            return tap("Checkout")
        if "waiting for your payment" in asked or "one moment" in asked or not asked:
            return say("checkout", after_seconds=60)
        return None

    def _answers(self) -> Iterable[tuple[str, tuple[Doing, ...]]]:
        number = Doing((Act(Do.SHARE_PHONE, self.phone),))
        street, _, town = self.address.partition(", ")
        return (
            ("who is it for", (say(self.name), say(self.name), say(f"it's for {self.name}"), say(self.name, self.address))),
            ("need a name", (say(self.name),)),
            ("how would you like to get it", (say("standard"), tap("Standard"), tap("Express"), say("I pick it up"))),
            ("choose one of these", (say("standard"),)),
            ("where shall we send it", (say(self.address), say(self.address), say(street), say(town))),
            ("full address", (say(self.address),)),
            ("and the postcode and town", (say(town),)),
            ("and the street and number", (say(street),)),
            ("which phone number", (say(self.phone), say(self.phone), number, say("12"))),
            ("full phone number", (say(self.phone),)),
        )  # fmt: skip

    def _confirm(self, view: View) -> Doing:
        if view.label("Another group") and self._happens(0.3):
            return tap("Another group")
        if self._happens(0.15):
            other = self.random.choice(words.ADDRESSES)
            return self.random.choice(
                (
                    say("make it 2"),
                    say("pickup instead"),
                    say(f"no, send it to {other}"),
                    say("change the phone"),
                    say(f"the name is {self.first_name} Peeters"),
                    tap("Change delivery"),
                    tap("Not now"),
                )
            )
        return tap("Pay") if self._happens(0.8) else say("yes")

    def _pay(self) -> Visit:
        card = self.random.choices(("visa", "declined", "abandon", "three_d_secure"), (70, 10, 12, 8))[0]
        patience = self.random.choice(
            (0, 0, 0, 0, 20 * 60, HOUR_SECONDS)
        )  # the goods are kept for 45 minutes
        view = yield from self._do(Doing((Act(Do.PAY, card),), patience))
        if card == "abandon":
            return
        self.has_seat = self.has_seat or view.has_seat
        if view.paid is False and self._happens(0.8):
            yield from self._do(Doing((Act(Do.PAY, "visa"),)))
        if self._happens(0.15):
            yield from self._do(Doing((Act(self.random.choice((Do.HEAR_AGAIN, Do.PAY)), "visa"),)))
        if self._happens(0.3):
            yield from self._ask_for_order()
        if self._happens(0.1):
            yield from self._cancel()

    # ── afterwards ──────────────────────────────────────────────────────────────────────────────────

    def _ask_for_order(self) -> Visit:
        view = yield from self._do(
            say(self.random.choice(("where is my order?", "order status", "has it shipped yet?")))
        )
        if view.asks_for_money and self._happens(0.5):
            yield from self._pay()

    def _cancel(self) -> Visit:
        view = yield from self._do(say(self.random.choice(("cancel my order", "I want to cancel my order"))))
        if view.label("Yes, cancel it"):
            answer = self.random.choice(("Yes, cancel it", "Yes, cancel it", "No, keep it"))
            view = yield from self._do(tap(answer))
        if self._happens(0.4):
            yield from self._do(say("where is my refund?", after_seconds=HOUR_SECONDS))

    def _misbehave(self) -> Visit:
        text = self.random.choice((*words.GARBAGE, words.long_text(self.random)))
        kinds = (say(text), say(text), Doing((Act(Do.SEND_PHOTO, self.random.choice(("", "blue mug"))),)))
        yield from self._do(self.random.choice(kinds))
        if self._happens(0.3):
            two = self.random.sample(words.WISHES, 2)
            yield from self._do(say(*two))  # before there is an answer

    def _tap_old(self) -> Visit:
        for label in self.random.sample(self.old_labels, min(2, len(self.old_labels))):
            yield from self._do(tap(label))

    def _block(self) -> Visit:
        yield from self._do(Doing((Act(Do.BLOCK),)))
        if self._happens(0.5):
            yield from self._do(Doing((Act(Do.UNBLOCK),), 24 * HOUR_SECONDS))
            yield from self._do(say("hello again"))

    # ── the smallest things ─────────────────────────────────────────────────────────────────────────

    def _do(self, doing: Doing) -> Talk:
        """Do it and look; what can be pressed is remembered."""
        view = yield doing
        self.old_labels = list(dict.fromkeys([*view.labels, *self.old_labels]))[:OLD_LABELS_MAX]
        return view

    def _happens(self, share: float) -> bool:
        return self.random.random() < share
