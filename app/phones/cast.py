"""Whose phones these are: accounts of the emulators, the same ones after a restart."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.sandbox import BOT_NAME, Sandbox
from sandbox.messenger.people import MessengerPerson
from sandbox.signals import Signal
from sandbox.telegram.group_state import Group
from sandbox.telegram.people import TelegramUser

GROUP: Final = "Friends of coffee"


@dataclass(frozen=True)
class People:
    """Ana and Ben shop by themselves; Ana and Cleo are in the group."""

    ana: TelegramUser
    cleo: TelegramUser
    ben: MessengerPerson
    group: Group


class Cast:
    """The people of the phones. `store` keeps who they are; without it they are new with every process."""

    def __init__(self, sandbox: Sandbox, store: Path | None) -> None:
        self._sandbox = sandbox
        self._store = store
        self._people: People | None = None
        self.changes = Signal()  # others hold the phones now

    @property
    def people(self) -> People:
        """Who holds the phones; the first to ask brings them into the world."""
        if self._people is None:
            self._people = self._remembered() or self._newcomers()
        return self._people

    def start_over(self) -> None:
        """New accounts under the old names: empty chats. What the former ones ordered stays in the shop."""
        self._people = self._newcomers()
        self.changes.notify()

    def _newcomers(self) -> People:
        telegram, messenger = self._sandbox.telegram, self._sandbox.messenger
        ana = telegram.add_user("Ana", last_name="Costa", username=None, phone="+32470000101")
        cleo = telegram.add_user("Cleo", last_name="Peeters", username=None, phone="+32470000102")
        ben = messenger.add_person("Ben Adeyemi", phone="+32470000103", email="ben@example.com")
        group = telegram.add_group(GROUP, [cleo, ana], bots=[telegram.bot(BOT_NAME)])
        people = People(ana, cleo, ben, group)
        self._remember(people)
        return people

    def _remember(self, people: People) -> None:
        if self._store is None:
            return
        names = {
            "ana": people.ana.id,
            "cleo": people.cleo.id,
            "ben": people.ben.psid,
            "group": people.group.id,
        }
        self._store.write_text(json.dumps(names), "utf-8")

    def _remembered(self) -> People | None:
        """Those of the last time, where both the note and the emulators' stores are still there."""
        telegram, messenger = self._sandbox.telegram, self._sandbox.messenger
        try:
            names: dict[str, Any] = json.loads(self._store.read_text("utf-8")) if self._store else {}
            return People(
                telegram.user(names["ana"]),
                telegram.user(names["cleo"]),
                messenger.person(names["ben"]),
                telegram.group(names["group"]),
            )
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
