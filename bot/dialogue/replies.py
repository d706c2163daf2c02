"""Every sentence we say, by language, from flows/replies/<language>/*.yml.

Text is a Jinja template that yields our small safe HTML: whatever is put in is escaped. A reply may have
several wordings; which one is said depends on how far the conversation is, so that it does not repeat itself.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any, Final, Literal

import phonenumbers
from babel.dates import format_date
from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field

from shop.money import Money
from storage import yaml_files
from storage.yaml_files import Mistake, Mistakes

_GAP: Final = re.compile(r"\n{3,}")  # what a part that is left out would leave: one empty line is enough


class ReplyModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ButtonText(ReplyModel):
    """A button below a reply; `payload` as in `bot.dialogue.tokens`, or a link, or something to share, or, in a
    group, the way into the private chat.

    With `said`, a mere "yes" or "no" presses it.
    """

    title: str
    said: Literal["yes", "no"] | None = None
    payload: str | None = None
    url: str | None = None
    share: str | None = None
    private: Literal[True] | None = None
    invite: str | None = None


class ReplyText(ReplyModel):
    """One wording."""

    text: str
    buttons: list[ButtonText] = Field(default_factory=list[ButtonText])


class ReplyFile(ReplyModel):
    version: str | None = None
    responses: dict[str, list[ReplyText]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A reply, filled in. The text is safe HTML."""

    text: str
    buttons: tuple[ButtonText, ...]


class Replies:
    """The sentences of every language. A language without a sentence borrows the main one's."""

    def __init__(
        self,
        texts: Mapping[str, Mapping[str, list[ReplyText]]],
        *,
        main: str,
        places: Mapping[tuple[str, str], Mistake] | None = None,
    ) -> None:
        self.languages = tuple(texts)
        self.main = main
        self._texts = texts
        self._places = places or {}

    def __contains__(self, reply: str) -> bool:
        return reply in self._texts[self.main]

    def keys(self, language: str) -> set[str]:
        return set(self._texts.get(language, {}))

    def texts(self, language: str) -> Mapping[str, list[ReplyText]]:
        """Every sentence of that language as it was written."""
        return self._texts.get(language, {})

    def names(self, language: str, reply: str) -> set[str]:
        """The facts that the sentence's wordings and buttons ask for."""
        parsed = self.parsed(language, reply)
        return {name for template in parsed for name in meta.find_undeclared_variables(template)}

    def parsed(self, language: str, reply: str) -> list[nodes.Template]:
        """The texts, button labels, payloads and links of that sentence, read as templates."""
        environment = _environment(language)
        return [environment.parse(text) for text in _templates(self._texts[language][reply])]

    def mistake(self, language: str, reply: str, message: str) -> Mistake:
        """A mistake in that sentence, with its place."""
        return replace(self._places[language, reply], message=f"reply {reply!r}: {message}")

    def render(self, reply: str, language: str, facts: Mapping[str, Any], *, wording: int = 0) -> Rendered:
        """The sentence `reply`, filled with `facts`. Raises KeyError for a key that no file has."""
        if reply not in self._texts.get(language, {}):
            language = self.main
        wordings = self._texts[language][reply]
        chosen = wordings[wording % len(wordings)]

        def fill(text: str) -> str:
            return _GAP.sub("\n\n", _compiled(language, text).render(facts).strip())

        def fill_plain(text: str) -> str:
            return _plain(fill(text))

        buttons = (
            ButtonText(
                title=fill_plain(button.title),
                said=button.said,
                payload=fill_plain(button.payload) if button.payload else None,
                url=fill_plain(button.url) if button.url else None,
                invite=fill_plain(button.invite) if button.invite else None,
                share=button.share,
                private=button.private,
            )
            for button in chosen.buttons
        )
        return Rendered(fill(chosen.text), tuple(button for button in buttons if button.title))


def read(folder: Path, *, languages: Sequence[str]) -> Replies:
    """Every sentence below `folder/<language>/` for these languages, the main one first. Raises Mistakes."""
    texts: dict[str, dict[str, list[ReplyText]]] = {}
    places: dict[tuple[str, str], Mistake] = {}
    mistakes: list[Mistake] = []
    for path in (path for language in languages for path in sorted((folder / language).glob("*.yml"))):
        try:
            content = yaml_files.load(path)
            file = yaml_files.parse(ReplyFile, content, path)
        except Mistakes as found:
            mistakes += found.mistakes
            continue
        mistakes += _template_mistakes(file, path, content)
        language = texts.setdefault(path.parent.name, {})
        for reply, wordings in file.responses.items():
            place = Mistake(path, yaml_files.line_of(content, ["responses", reply]), "")
            if reply in language:
                mistakes.append(
                    replace(place, message=f"reply {reply!r} is in another file of this language too")
                )
            language[reply] = wordings
            places[path.parent.name, reply] = place
    mistakes += [
        Mistake(folder, None, f"there are no replies in language {language!r}: make a folder {language}")
        for language in languages
        if language not in texts
    ]
    if mistakes:
        raise Mistakes(mistakes)
    return Replies(texts, main=languages[0], places=places)


def _template_mistakes(file: ReplyFile, path: Path, content: Any) -> Iterable[Mistake]:
    for reply, wordings in file.responses.items():
        for template in _templates(wordings):
            try:
                _compiled(path.parent.name, template)
            except TemplateError as error:
                line = yaml_files.line_of(content, ["responses", reply])
                yield Mistake(path, line, f"reply {reply!r}: {error}")


def _templates(wordings: Iterable[ReplyText]) -> Iterable[str]:
    for wording in wordings:
        yield wording.text
        for button in wording.buttons:
            yield from (text for text in (button.title, button.payload, button.url, button.invite) if text)


@cache
def _compiled(language: str, text: str) -> Template:
    """The template of a text of our files. Compiling all of them takes a second, so each is compiled once a process."""
    return _environment(language).from_string(text)


@cache
def _environment(language: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )

    def money(amount: Money) -> str:
        return amount.format(language)

    def day(moment: datetime) -> str:
        return format_date(moment, format="long", locale=language)

    environment.filters["money"] = money
    environment.filters["day"] = day
    environment.filters["phone"] = _phone
    return environment


def _phone(number: str) -> str:
    """+49301234567 as people write it; what is no such number stays as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _plain(html: str) -> str:
    """A button's label is no HTML: take the escaping back."""
    return unescape(html)
