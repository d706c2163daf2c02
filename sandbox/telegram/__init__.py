"""Telegram as bots know it: the Bot API at the wire, and the people on the other side.

world.py      who exists and what happened          people/      what persons do and see
methods/      what bots may call                    control.py   the same over HTTP
groups.py, topics.py, inline.py, stars.py           what people and bots may both bring about
access.py, markup.py, text.py, keyboards.py         what is refused, and in which words
audience.py, updates.py, webhooks.py                which bots are told, and how
"""

from sandbox.telegram.app import create_app
from sandbox.telegram.faults import Fault, drop, hang, refuse
from sandbox.telegram.group_state import Group, InviteLink, Member, Topic
from sandbox.telegram.limits import Limits
from sandbox.telegram.payments import CardDeclined, CardPayments, OrderDetails, PaymentOutcome, TestCards
from sandbox.telegram.people import (
    Button,
    CannotDo,
    InlineChoice,
    Pressed,
    ShownMessage,
    TelegramUser,
    Typed,
    Where,
)
from sandbox.telegram.state import Bot
from sandbox.telegram.world import TelegramWorld

__all__ = [
    "Bot",
    "Button",
    "CannotDo",
    "CardDeclined",
    "CardPayments",
    "Fault",
    "Group",
    "InlineChoice",
    "InviteLink",
    "Limits",
    "Member",
    "OrderDetails",
    "PaymentOutcome",
    "Pressed",
    "ShownMessage",
    "TelegramUser",
    "TelegramWorld",
    "TestCards",
    "Topic",
    "Typed",
    "Where",
    "create_app",
    "drop",
    "hang",
    "refuse",
]
