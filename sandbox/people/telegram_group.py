"""A Telegram group: what its members do there, and what the shop's bot posts."""

from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import urlsplit

from bot import conversations
from sandbox.people.person import CannotDo, Seen
from sandbox.people.telegram import TelegramPerson, as_seen
from sandbox.telegram import people as telegram
from sandbox.telegram.group_state import Group
from sandbox.telegram.people import Pressed, ShownMessage
from sandbox.telegram.state import Bot
from sandbox.telegram.world import TelegramWorld

BOT_CALLED: Final = "@shop"
"""What may be written for the bot's username."""

T = TypeVar("T")


class TelegramGroup:
    """Members act by their own accounts. What a tap leads to is opened by `follow`, once the bot has answered it."""

    def __init__(self, world: TelegramWorld, name: str, group: Group, bot: Bot) -> None:
        self.name = name
        self.world = world
        self.bot = bot
        self._groups = [group]  # it may have become a supergroup, which is another chat
        self._pressed: list[tuple[TelegramPerson, Pressed]] = []
        self._looked_at = 0

    @property
    def group(self) -> Group:
        return self._groups[-1]

    @property
    def conversation(self) -> str:
        """The lane of the group itself; those of its members' conversations begin so."""
        return conversations.in_group("telegram", self.group.id)

    # ── what members do ─────────────────────────────────────────────────────────────────────────────

    def say(self, member: TelegramPerson, text: str) -> None:
        """Write there. Raises CannotDo, as all of these do."""
        _do(member, lambda: member.user.say(self.group, self._named(text)))

    def reply(self, member: TelegramPerson, text: str) -> None:
        """Answer the bot's newest message there."""
        newest = next((m for m in reversed(self._shown(member)) if self._is_ours(m)), None)
        if newest is None:
            raise CannotDo(f"{member.name} sees no message of the bot in {self.name} to reply to")
        _do(member, lambda: member.user.say(self.group, self._named(text), reply_to=newest.id))

    def send_photo(self, member: TelegramPerson, picture: bytes, caption: str) -> None:
        """Send a picture there."""
        _do(member, lambda: member.user.send_photo(self.group, picture, self._named(caption)))

    def tap(self, member: TelegramPerson, label: str) -> None:
        """Press the newest button that begins so; one under an answer to oneself goes before all others."""
        messages = [m for m in self._shown(member) if m.button(label) is not None]
        own = {m.id for m in self._shown(member) if m.mine}
        theirs = [m for m in messages if m.reply_to in own]
        if not messages:
            there = [b.text for m in reversed(self._shown(member)) for row in m.buttons for b in row]
            raise member.no_such(label, there)
        chosen = (theirs or messages)[-1].id
        pressed = _do(member, lambda: member.user.tap(self.group, label, message_id=chosen))
        self._pressed.append((member, pressed))

    def join(self, member: TelegramPerson) -> None:
        """Come in by an invitation of the group's owner."""
        link = _do(member, lambda: self._owner.invite_link(self.group))
        _do(member, lambda: member.user.join(link))

    def leave(self, member: TelegramPerson) -> None:
        _do(member, lambda: member.user.leave(self.group))

    def add_bot(self, member: TelegramPerson) -> None:
        _do(member, lambda: member.user.add(self.group, self.bot))

    def remove_bot(self, member: TelegramPerson) -> None:
        _do(member, lambda: member.user.remove(self.group, self.bot))

    def upgrade(self, member: TelegramPerson) -> None:
        """Make the basic group a supergroup."""
        self._groups.append(_do(member, lambda: member.user.upgrade(self.group)))

    def follow(self) -> list[str]:
        """Open what buttons led to, and press Start there; the names of those whose private chat was opened so."""
        pressed, self._pressed = self._pressed, []
        led = list[str]()
        for member, each in pressed:
            link = each.url or (each.answer or {}).get("url") or ""
            if urlsplit(link).hostname == "t.me":
                _do(member, lambda member=member, link=link: member.user.open(link))
                led.append(member.name)
        return led

    # ── what is to be seen ──────────────────────────────────────────────────────────────────────────

    async def screen(self) -> list[Seen]:
        """The chat, the oldest message first. `mine` is what the bot did not write."""
        return [
            as_seen(message, mine=not self._is_ours(message))
            for group in self._groups
            for message in self._owner.chat(group)
        ]

    async def look(self) -> list[Seen]:
        """What is new since the last look."""
        screen = await self.screen()
        new, self._looked_at = screen[self._looked_at :], len(screen)
        return new

    @property
    def _owner(self) -> telegram.TelegramUser:
        owners = (member for member in self.group.members.values() if member.status == "creator")
        return self.world.user(next(owners).user_id)

    def _shown(self, member: TelegramPerson) -> list[ShownMessage]:
        return _do(member, lambda: member.user.chat(self.group))

    def _is_ours(self, message: ShownMessage) -> bool:
        return message.author_id == self.bot.id and not message.notice

    def _named(self, text: str) -> str:
        return text.replace(BOT_CALLED, f"@{self.bot.username}")


def _do(member: TelegramPerson, act: Callable[[], T]) -> T:
    try:
        return act()
    except telegram.CannotDo as error:
        raise CannotDo(f"{member.name}: {error}") from error
