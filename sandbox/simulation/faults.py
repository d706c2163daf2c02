"""What goes wrong, by name; each name stands for what the emulators can be told to do.

duplicates   a notice, an update or a request comes twice          delay      a notice comes late
reorder      notices pile up and come in another order             timeout    a connection breaks, before or after
429, 5xx     the far end refuses for now                                      what was asked was done
decline      the bank says no to a card                            kill       the shop's process dies and comes back
"""

from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from sandbox.messenger import faults as messenger
from sandbox.messenger.world import MessengerWorld
from sandbox.stripe.world import StripeWorld
from sandbox.telegram import faults as telegram
from sandbox.telegram.world import TelegramWorld

DUPLICATES, DELAY, REORDER, TIMEOUT, TOO_MANY, BROKEN, DECLINE, KILL = (
    "duplicates",
    "delay",
    "reorder",
    "timeout",
    "429",
    "5xx",
    "decline",
    "kill",
)
FAULTS: Final = (DUPLICATES, DELAY, REORDER, TIMEOUT, TOO_MANY, BROKEN, DECLINE, KILL)

# Where and how each may happen. A place is a far end and what of it; how is in that far end's own words.
_WAYS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    DUPLICATES: (
        ("stripe notice", "twice"),
        ("messenger notice", "twice"),
        ("telegram update", "twice"),
    ),
    DELAY: (
        ("stripe notice", "late:90"),
        ("stripe notice", "late:3600"),
        ("stripe notice", "late:90000"),
        ("messenger notice", "late:45"),
    ),
    REORDER: (("stripe notices", "hold"), ("messenger notices", "hold")),
    TIMEOUT: (
        ("stripe POST /v1/checkout/sessions", "timeout"),
        ("stripe POST /v1/checkout/sessions", "lost"),
        ("stripe POST /v1/refunds", "timeout"),
        ("stripe POST /v1/refunds", "lost"),
        ("telegram sendMessage", "drop"),
        ("telegram sendMessage", "drop served"),
        ("telegram sendInvoice", "drop"),
        ("messenger messages", "drop"),
        ("messenger messages", "drop served"),
    ),
    TOO_MANY: (
        ("stripe POST /v1/checkout/sessions", "429"),
        ("stripe POST /v1/refunds", "429"),
        ("telegram sendMessage", "429"),
        ("telegram sendPhoto", "429"),
        ("messenger messages", "613"),
    ),
    BROKEN: (
        ("stripe POST /v1/checkout/sessions", "500"),
        ("stripe POST /v1/checkout/sessions", "500_saved"),
        ("stripe POST /v1/refunds", "503"),
        ("telegram sendMessage", "502"),
        ("telegram sendInvoice", "500"),
        ("messenger messages", "502"),
    ),
    DECLINE: (("card", "declined"), ("card", "insufficient")),
    KILL: tuple(("shop", str(writes)) for writes in range(6)),  # after so many more pieces of work were kept
}
_SHARE_PERCENT: Final = {KILL: 0.25, DECLINE: 5.0}  # of the moments at which it happens; the others:
_USUAL_SHARE_PERCENT: Final = 3.0
HELD_MOMENTS: Final = 4  # so long notices pile up


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong once."""

    name: str
    where: str
    how: str

    def __str__(self) -> str:
        return f"{self.name}: {self.where} {self.how}"


class Worlds(Protocol):
    """The far ends, where faults are planted."""

    @property
    def telegram(self) -> TelegramWorld: ...
    @property
    def messenger(self) -> MessengerWorld: ...
    @property
    def stripe(self) -> StripeWorld: ...


@dataclass(frozen=True, slots=True)
class Weather:
    """Which of the named faults happen at a moment: decided by the seed and by who does what then, nothing else.

    So a run with fewer people meets the same faults at the moments that are left.
    """

    seed: int
    names: frozenset[str]

    def at(self, person: str, visit: int, number: int) -> tuple[Fault, ...]:
        """What goes wrong when this person does the `number`th thing of that visit."""
        random = Random(f"{self.seed}:fault:{person}:{visit}:{number}")  # noqa: S311 - a rehearsal's chance
        found = list[Fault]()
        for name in FAULTS:  # every name draws, so that leaving one out changes nothing of the others
            drawn, way = random.uniform(0, 100), random.choice(_WAYS[name])
            if name in self.names and drawn < _SHARE_PERCENT.get(name, _USUAL_SHARE_PERCENT):
                found.append(Fault(name, *way))
        return tuple(found)


def plant(worlds: Worlds, fault: Fault) -> None:
    """Tell the far end; what happens to a card, an update or the shop itself is the run's to do."""
    end, _, what = fault.where.partition(" ")
    match end, what:
        case "stripe", "notice":
            worlds.stripe.webhooks.next("*", [fault.how])
        case "stripe", "notices":
            worlds.stripe.webhooks.hold()
        case "stripe", _:
            worlds.stripe.faults.next(what, [fault.how])
        case "messenger", "notice":
            worlds.messenger.webhooks.next("*", [fault.how])
        case "messenger", "notices":
            worlds.messenger.webhooks.hold()
        case "messenger", _:
            worlds.messenger.faults.next(what, [_on_messenger(fault.how)])
        case "telegram", "update":
            pass
        case "telegram", _:
            worlds.telegram.faults.next(what, [_on_telegram(fault.how)])
        case _:
            pass


def _on_telegram(how: str) -> telegram.Fault:
    if how.startswith("drop"):
        return telegram.drop(served=how.endswith("served"))
    return telegram.refuse(int(how), retry_after_seconds=3)


def _on_messenger(how: str) -> messenger.Fault:
    if how.startswith("drop"):
        return messenger.drop(served=how.endswith("served"))
    return messenger.refuse(613) if how == "613" else messenger.gateway(int(how))
