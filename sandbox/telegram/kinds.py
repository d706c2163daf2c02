"""What there is in the emulated Telegram: the kinds of records that its store keeps."""

from typing import Final

from sandbox.records import Record
from sandbox.telegram.group_state import Group
from sandbox.telegram.state import (
    Bot,
    Chat,
    InlineQuery,
    Invoice,
    Message,
    StarPayment,
    StoredFile,
    Tap,
    Update,
    User,
)

KINDS: Final[tuple[type[Record], ...]] = (
    User,
    Bot,
    Chat,
    Group,
    Message,
    StoredFile,
    Update,
    Tap,
    Invoice,
    InlineQuery,
    StarPayment,
)
