"""What a person can do on Telegram, and what they see: the acting half of tests, demo and simulation.

Acting is immediate; waiting (for an answer, for a payment) is awaited and woken by events. `where` is a bot (the
private chat with it) or a group of any type.

writing.py messages      pressing.py buttons     watching.py the screen     paying.py invoices and Stars
membership.py groups     forums.py topics        asking.py inline mode      following.py links
"""

from sandbox.telegram.people.asking import Asking, InlineChoice, Typed
from sandbox.telegram.people.following import Following
from sandbox.telegram.people.forums import Arranging
from sandbox.telegram.people.paying import Paying
from sandbox.telegram.people.person import CannotDo, Where
from sandbox.telegram.people.pressing import Pressed, Pressing
from sandbox.telegram.people.watching import Button, ShownMessage

__all__ = ["Button", "CannotDo", "InlineChoice", "Pressed", "ShownMessage", "TelegramUser", "Typed", "Where"]


class TelegramUser(Pressing, Following, Paying, Arranging, Asking):
    """A person. Two of these for the same record are the same person."""
