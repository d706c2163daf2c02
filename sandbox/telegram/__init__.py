"""Telegram as bots know it: the Bot API at the wire, and the people on the other side.

world.py      who exists and what happened          people.py    what persons do and see
methods/      what bots may call                    control.py   the same over HTTP
markup.py, text.py, keyboards.py, schema.py         what is refused, and in which words
updates.py, webhooks.py                             how bots are told
"""

from sandbox.telegram.app import create_app
from sandbox.telegram.faults import Fault, drop, hang, refuse
from sandbox.telegram.limits import Limits
from sandbox.telegram.payments import CardDeclined, CardPayments, OrderDetails, PaymentOutcome, TestCards
from sandbox.telegram.people import Button, CannotDo, Pressed, ShownMessage, TelegramUser
from sandbox.telegram.state import Bot
from sandbox.telegram.world import TelegramWorld

__all__ = [
    "Bot",
    "Button",
    "CannotDo",
    "CardDeclined",
    "CardPayments",
    "Fault",
    "Limits",
    "OrderDetails",
    "PaymentOutcome",
    "Pressed",
    "ShownMessage",
    "TelegramUser",
    "TelegramWorld",
    "TestCards",
    "create_app",
    "drop",
    "hang",
    "refuse",
]
