"""Identifiers: UUIDv7 for machines, short references for people."""

from base64 import urlsafe_b64encode
from collections.abc import Generator
from contextlib import contextmanager
from random import Random, SystemRandom
from uuid import UUID

from uuid_utils import compat

# Crockford's base32 without the letters people mishear or misread (I, L, O, U).
REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_chance: Random = SystemRandom()  # of references and tokens


def new_id() -> UUID:
    """A UUIDv7: unique everywhere, and sorted by the time it was made (RFC 9562)."""
    return compat.uuid7()


def new_reference(length: int = 6) -> str:
    """A reference that can be read aloud, as in order "7K3Q9T"; the caller retries on a collision."""
    return "".join(_chance.choice(REFERENCE_ALPHABET) for _ in range(length))


def new_token(length_bytes: int) -> str:
    """What nobody can guess, in letters of [A-Za-z0-9_-]: four for three bytes."""
    return urlsafe_b64encode(_chance.randbytes(length_bytes)).rstrip(b"=").decode()


@contextmanager
def repeatable_references(seed: int) -> Generator[None]:
    """The same references and tokens every time inside this block, so that a rehearsal can be repeated word by word."""
    global _chance  # noqa: PLW0603 - references are made where entities are, which take no collaborators
    before, _chance = _chance, Random(seed)  # noqa: S311 - a rehearsal's
    try:
        yield
    finally:
        _chance = before
