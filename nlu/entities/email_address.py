"""E-mail addresses."""

import re
from collections.abc import Iterator

from nlu.entities.spans import Taken, entity
from nlu.understanding import Entity

# What people type and mail servers take: RFC 5321's lengths, the unquoted form only.
_EMAIL = re.compile(
    r"(?<![\w.+-])[\w][\w.+'-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,4}[^\W\d_]{2,24}(?![\w@-])"
)


class EmailExtractor:
    """`email`: the address, with its domain in lower case."""

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        for match in _EMAIL.finditer(text):
            local, _, domain = match.group().rpartition("@")
            if ".." not in local and not local.endswith("."):
                taken.claim(*match.span())
                yield entity("email", f"{local}@{domain.lower()}", text, match.span())
