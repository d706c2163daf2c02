"""What a button carries: a short command of ours, signed for this conversation, never believed unsigned.

A token is `payload.frame.signature`, at most 64 bytes (Telegram's callback_data). The payload is
`flow?slot=value&…` to begin a flow, or `?slot=value` to answer the question of that very frame.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

TOKEN_BYTES_MAX = 64
SIGNATURE_BYTES = 6  # 48 bits: guessing one takes 10^14 taps


class ForgedToken(Exception):  # noqa: N818 - what it is
    """Not a token of ours, or not for this conversation."""


@dataclass(frozen=True, slots=True)
class TokenContent:
    """What the button means: begin `flow` (None: answer frame `frame`) with `slots`."""

    flow: str | None
    slots: dict[str, str]
    frame: int


class Tokens:
    """Makes and reads tokens with the shop's own secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, payload: str, *, conversation: str, frame: int = 0) -> str:
        """The token for `payload`. A payload too long for any channel is a mistake in a flow or an action."""
        body = f"{payload}.{frame}"
        token = f"{body}.{self._signature(body, conversation)}"
        if len(token.encode()) > TOKEN_BYTES_MAX:
            raise ValueError(f"the button {payload!r} does not fit into {TOKEN_BYTES_MAX} bytes")
        return token

    def read(self, token: str, *, conversation: str) -> TokenContent:
        """What the token says. Raises ForgedToken."""
        body, _, signature = token.rpartition(".")
        payload, _, frame = body.rpartition(".")
        if not body or not hmac.compare_digest(
            signature.encode(), self._signature(body, conversation).encode()
        ):
            raise ForgedToken(token[:TOKEN_BYTES_MAX])
        flow, _, slots = payload.partition("?")
        return TokenContent(flow or None, dict(parse_qsl(slots)), int(frame))

    def transfer(self, token: str, *, of: str, to: str) -> str:
        """A token signed for the conversation `of`, as one for `to`. Raises ForgedToken."""
        self.read(token, conversation=of)
        body = token.rpartition(".")[0]
        return f"{body}.{self._signature(body, to)}"

    def sign_link(self, number: int, *, conversation: str) -> str:
        """What a link into this conversation carries: a number of ours, in at most 64 of A-Z a-z 0-9 _ -"""
        return f"{number}_{self._signature(f'link {number}', conversation)}"

    def read_link(self, carried: str, *, conversation: str) -> int:
        """The number that a link carries. Raises ForgedToken, too when it was made for another conversation."""
        number, _, signature = carried.partition("_")
        expected = self._signature(f"link {number}", conversation)
        if (
            not number.isascii()
            or not number.isdecimal()
            or not hmac.compare_digest(signature.encode(), expected.encode())
        ):
            raise ForgedToken(carried[:TOKEN_BYTES_MAX])
        return int(number)

    def _signature(self, body: str, conversation: str) -> str:
        digest = hmac.digest(self._secret, f"{conversation}\n{body}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode()


def payload(flow: str | None = None, **slots: UUID | str | int) -> str:
    """The payload of a button: `add_to_cart?variant=…`; ids are packed to 22 characters."""
    packed = {
        name: pack_id(value) if isinstance(value, UUID) else str(value) for name, value in slots.items()
    }
    return f"{flow or ''}{'?' + urlencode(packed) if packed else ''}"


def pack_id(value: UUID) -> str:
    return base64.urlsafe_b64encode(value.bytes).decode().rstrip("=")


def unpack_id(text: str) -> UUID | None:
    """The id that `pack_id` packed (or a plain UUID); None when it is neither."""
    try:
        return UUID(bytes=base64.urlsafe_b64decode(text + "==")) if len(text) == 22 else UUID(text)
    except ValueError:
        return None
