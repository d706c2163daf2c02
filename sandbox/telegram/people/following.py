"""Links into Telegram: https://core.telegram.org/bots/features#deep-linking."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from sandbox.telegram.group_state import Group
from sandbox.telegram.people.membership import Belonging
from sandbox.telegram.people.person import CannotDo
from sandbox.telegram.people.writing import Writing
from sandbox.telegram.state import Bot, Message

# https://core.telegram.org/bots/features#deep-linking: up to 64 of these; Telegram drops any other payload.
PAYLOAD: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Following(Writing, Belonging):
    """Opening links."""

    def start(self, bot: Bot, payload: str = "") -> Message:
        """Press Start, or follow a deep link with a payload; a blocked bot is unblocked by it."""
        _check_payload(payload)
        if self._chat(bot).blocked:
            self.unblock(bot)
        return self.say(bot, f"/start {payload}".strip())

    def start_in_group(self, bot: Bot, group: Group, payload: str = "") -> Message:
        """Follow a ?startgroup= link: the bot is added, and started there by its full name."""
        _check_payload(payload)
        if not group.member(bot.id).is_inside:
            self.add(group, bot)
        return self.say(group, f"/start@{bot.username} {payload}".strip())

    def open(self, link: str, *, group: Group | None = None) -> Message | Group | None:
        """Follow a t.me link: ?start=, ?startgroup= (into `group`), an invitation, a public group.

        What comes of it is the message to the bot, or the group joined (None while administrators think).
        """
        parts = urlsplit(link if "://" in link else f"https://{link}")
        if parts.hostname not in {"t.me", "telegram.me"}:
            raise CannotDo(f"{link} does not lead into Telegram")
        name, asked = parts.path.strip("/"), dict(parse_qsl(parts.query, keep_blank_values=True))
        bot = next((bot for bot in self._world.bots() if bot.username.lower() == name.lower()), None)
        if bot is None:
            return self.join(f"https://t.me/{name}")
        if "startgroup" in asked:
            if group is None:
                raise CannotDo(f"{link} asks for a group")
            return self.start_in_group(bot, group, asked["startgroup"])
        return self.start(bot, asked.get("start", ""))


def _check_payload(payload: str) -> None:
    if payload and not PAYLOAD.fullmatch(payload):
        raise CannotDo(f"{payload!r} is no start payload: 1 to 64 of A-Z, a-z, 0-9, _ and -")
