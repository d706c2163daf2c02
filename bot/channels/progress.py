"""How far a message of several parts has come, so that it goes on where it stopped."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from bot.messages import Message

_CHATS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Begun:
    message: Message
    sent: int


@dataclass
class Progress:
    """The parts that were sent of each chat's unfinished message.

    A message that failed midway comes again, as an equal message and before any other of its chat (the outbox
    keeps the order), so what this process remembers of the chat's last beginning is enough to go on
    behind it. After a restart it begins anew: at least once, as everywhere in delivery.
    """

    _begun: OrderedDict[str, _Begun] = field(default_factory=OrderedDict[str, _Begun])

    def take(self, chat: str, message: Message) -> int:
        """How many parts of this very message were sent before; forgotten with the asking."""
        begun = self._begun.pop(chat, None)
        return begun.sent if begun and begun.message == message else 0

    def keep(self, chat: str, message: Message, *, sent: int) -> None:
        """It stopped after that many parts."""
        self._begun[chat] = _Begun(message, sent)
        if len(self._begun) > _CHATS_MAX:
            self._begun.popitem(last=False)
