"""Identifiers: UUIDv7 for machines, short references for people."""

import secrets
from uuid import UUID

from uuid_utils import compat

# Crockford's base32 without the letters people mishear or misread (I, L, O, U).
REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> UUID:
    """A UUIDv7: unique everywhere, and sorted by the time it was made (RFC 9562)."""
    return compat.uuid7()


def new_reference(length: int = 6) -> str:
    """A reference that can be read aloud, as in order "7K3Q9T"; the caller retries on a collision."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(length))
