"""The trouble a story plans, in one vocabulary, handed to the emulators that make it.

Answers: ok, timeout (done, but the answer is lost), lost (never arrived), error (500), 503 and 429, the same words
for Stripe, Telegram and Messenger. Notices: ok, twice, late, late:SECONDS, lost, forged.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sandbox.messenger import faults as messenger
from sandbox.messenger.webhooks import WAYS as MESSENGER_WAYS
from sandbox.stories.format import Faults
from sandbox.stories.stage import Worlds
from sandbox.stripe.webhooks import WAYS as STRIPE_WAYS
from sandbox.telegram import faults as telegram
from storage.yaml_files import nearest

STRIPE_ENDPOINTS: Final = {
    "checkout": "POST /v1/checkout/sessions",
    "session": "GET /v1/checkout/sessions/{session}",
    "refund": "POST /v1/refunds",
    "expire": "POST /v1/checkout/sessions/{session}/expire",
}
STRIPE_NOTICES: Final = {"notices": "checkout.session.completed", "refund_notices": "refund.created"}
TELEGRAM_METHODS: Final = {"send": "sendMessage", "invoice": "sendInvoice", "photo": "sendPhoto"}
STRIPE_ANSWERS: Final = {
    "ok": "ok",
    "timeout": "timeout",
    "lost": "lost",
    "error": "500",
    "503": "503",
    "429": "429",
}
TELEGRAM_ANSWERS: Final[dict[str, telegram.Fault | None]] = {
    "ok": None,
    "timeout": telegram.drop(served=True),
    "lost": telegram.drop(),
    "error": telegram.refuse(500),
    "503": telegram.refuse(502),
    "429": telegram.refuse(429, retry_after_seconds=3),
}
MESSENGER_ANSWERS: Final[dict[str, messenger.Fault | None]] = {
    "ok": None,
    "timeout": messenger.drop(served=True),
    "lost": messenger.drop(),
    "error": messenger.refuse(2),
    "503": messenger.gateway(503),
    "429": messenger.refuse(613),
}


def mistakes(planned: Faults) -> Iterator[str]:
    """What of it nobody can do, in words."""
    yield from _unknown("network", planned.network, STRIPE_ANSWERS)
    if planned.stripe is not None:
        for name in STRIPE_ENDPOINTS:
            yield from _unknown(f"stripe.{name}", getattr(planned.stripe, name), STRIPE_ANSWERS)
        for name in STRIPE_NOTICES:
            yield from _unknown(f"stripe.{name}", getattr(planned.stripe, name), STRIPE_WAYS)
    if planned.telegram is not None:
        for name in TELEGRAM_METHODS:
            yield from _unknown(f"telegram.{name}", getattr(planned.telegram, name), TELEGRAM_ANSWERS)
    if planned.messenger is not None:
        yield from _unknown("messenger.send", planned.messenger.send, MESSENGER_ANSWERS)
        yield from _unknown("messenger.notices", planned.messenger.notices, MESSENGER_WAYS)


def _unknown(where: str, given: Sequence[str] | None, known: Iterable[str]) -> Iterator[str]:
    names = list(known)
    for each in given or ():
        kind, _, number = each.partition(":")
        if kind not in names or (number and not (kind == "late" and number.isdigit())):
            yield f"{where}: {each!r} is no fault{nearest(each, names)}"


def plan(planned: Faults, worlds: Worlds, *, bot: str) -> None:
    """Tell the emulators; `bot` is the name of the shop's bot on Telegram."""
    _plan_stripe(planned, worlds)
    _plan_telegram(planned, worlds, bot)
    _plan_messenger(planned, worlds)


def _plan_stripe(planned: Faults, worlds: Worlds) -> None:
    wanted, stripe = planned.stripe, worlds.stripe
    for name, endpoint in STRIPE_ENDPOINTS.items():
        answers = [*(getattr(wanted, name, None) or ()), *(planned.network or ())]
        stripe.faults.next(endpoint, [STRIPE_ANSWERS[each] for each in answers])
    if wanted is None:
        return
    for name, event in STRIPE_NOTICES.items():
        stripe.webhooks.next(event, getattr(wanted, name) or ())
    if wanted.hold is not None:
        (stripe.webhooks.hold if wanted.hold else stripe.webhooks.release)()


def _plan_telegram(planned: Faults, worlds: Worlds, bot: str) -> None:
    wanted, world = planned.telegram, worlds.telegram
    for name, method in TELEGRAM_METHODS.items():
        network = planned.network or () if name == "send" else ()
        answers = [*(getattr(wanted, name, None) or ()), *network]
        world.faults.next(method, [TELEGRAM_ANSWERS[each] for each in answers])
    if wanted is not None and wanted.again is not None:
        ours = world.bot(bot)
        for update in world.updates.history(ours)[-wanted.again :]:
            world.redeliver(ours, update.id)


def _plan_messenger(planned: Faults, worlds: Worlds) -> None:
    wanted, world = planned.messenger, worlds.messenger
    answers = [*((wanted and wanted.send) or ()), *(planned.network or ())]
    world.faults.next("messages", [MESSENGER_ANSWERS[each] for each in answers])
    if wanted is None:
        return
    world.webhooks.next("messages", wanted.notices or ())
    if wanted.hold is not None:
        (world.webhooks.hold if wanted.hold else world.webhooks.release)()
