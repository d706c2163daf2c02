"""Messenger as a Page's app knows it: the Graph API at the wire, and the people on the other side.

world.py      who exists and what happened          people.py    what persons do; screen.py: what they see
endpoints/    what the app may call                 inbox.py     what the Page's staff do in Meta's inbox
rules.py      what Meta documents, as data          control.py   all of it over HTTP
notices.py    what the app is told                  webhooks.py  how it gets there
"""

from sandbox.messenger.app import create_app
from sandbox.messenger.faults import Fault, drop, gateway, hang, refuse
from sandbox.messenger.inbox import PageInbox
from sandbox.messenger.limits import Limits
from sandbox.messenger.people import CannotDo, MessengerPerson, Pressed, Welcome
from sandbox.messenger.rules import PAGE_INBOX_APP_ID
from sandbox.messenger.screen import Button, ShownCard, ShownMessage, ShownReceipt
from sandbox.messenger.webhooks import SIGNATURE_HEADER, WebhookRefused, signature
from sandbox.messenger.world import MessengerWorld

__all__ = [
    "PAGE_INBOX_APP_ID",
    "SIGNATURE_HEADER",
    "Button",
    "CannotDo",
    "Fault",
    "Limits",
    "MessengerPerson",
    "MessengerWorld",
    "PageInbox",
    "Pressed",
    "ShownCard",
    "ShownMessage",
    "ShownReceipt",
    "WebhookRefused",
    "Welcome",
    "create_app",
    "drop",
    "gateway",
    "hang",
    "refuse",
    "signature",
]
