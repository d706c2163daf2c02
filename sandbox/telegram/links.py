"""Which URLs Telegram takes for a link, and the form it gives them."""

import ipaddress
import re
from dataclasses import dataclass

# The scheme, the user, the host with its port, and the rest; the scheme may be missing.
_URL = re.compile(
    r"(?:(?P<scheme>[a-z]+)://)?(?:(?P<user>[^/?#@]*)@)?(?P<host>\[[^\]]*\]|[^/?#:]*)(?::(?P<port>[^/?#]*))?(?P<rest>(?:[/?#].*)?)",
    re.IGNORECASE | re.DOTALL,
)
_HOST = re.compile(r"(?:[a-z0-9.\-_!$,~*'();&+=]|[^\x00-\x7f]|%[0-9a-f]{2})+")
_USER_ID = re.compile(r"[1-9][0-9]{0,12}")
_USER_ID_MAX = 2**40 - 1
_ARGUMENTS = re.compile(r"tg:(?://)?([a-z]+)/?\?([^#]*)(?:#.*)?", re.IGNORECASE | re.DOTALL)
_APP_LINK = re.compile(r"(tg|ton):(?://)?([a-z0-9_-]+)((?:[/?#].*)?)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class WrongLink(Exception):  # noqa: N818 - it names what the link is
    """Why Telegram does not take it, in its words."""

    reason: str


def checked_link(link: str) -> str | None:
    """The link as Telegram keeps it, or None where it silently drops the link."""
    try:
        return normal_link(link)
    except WrongLink:
        return None


def normal_link(link: str) -> str:
    """Scheme and host in small letters, a path always there; raises WrongLink with Telegram's reason."""
    if link.lower().startswith(("tg:", "ton:")):
        return _app_link(link)
    return _web_link(link)


def mentioned_user(link: str) -> int | None:
    """The user's id of a tg://user?id=… link."""
    given = (app_link_arguments(link.lower(), "user") or {}).get("id", "")
    if not _USER_ID.fullmatch(given) or int(given) > _USER_ID_MAX:
        return None
    return int(given)


def app_link_arguments(link: str, host: str) -> dict[str, str] | None:
    """What follows the question mark of tg://{host}?…, taken literally; of two of a name the first. None: another link."""
    parts = _ARGUMENTS.fullmatch(link)
    if parts is None or parts.group(1).lower() != host:
        return None
    pairs = [argument.partition("=") for argument in parts.group(2).split("&")]
    return {name: value for name, _, value in reversed(pairs)}


def _app_link(link: str) -> str:
    """A link into Telegram itself, such as tg://resolve?domain=…"""
    parts = _APP_LINK.fullmatch(link)
    if parts is None:
        raise WrongLink(f"Wrong {link.partition(':')[0].lower()} URL")
    scheme, host, rest = parts.groups()
    path = _with_path(rest)
    return f"{scheme.lower()}://{host.lower()}{path[1:] if path.startswith('/?') else path}"


def _web_link(link: str) -> str:
    parts = _URL.fullmatch(link)
    if parts is None:
        raise WrongLink("Unsupported URL protocol")
    scheme = (parts["scheme"] or "http").lower()
    if scheme not in {"http", "https"}:
        raise WrongLink("Unsupported URL protocol")
    port = parts["port"]
    if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise WrongLink("Wrong port number specified in the URL")
    host = _checked_host(parts["host"].lower())
    user = f"{parts['user']}@" if parts["user"] else ""
    shown_port = f":{int(port)}" if port is not None else ""
    return f"{scheme}://{user}{host}{shown_port}{_with_path(parts['rest'])}"


def _checked_host(host: str) -> str:
    if not host:
        raise WrongLink("URL host is empty")
    if host.startswith("["):
        return _checked_address(host)
    if not _HOST.fullmatch(host):
        raise WrongLink("Unallowed characters in URL host")
    if "." not in host or host == ".":
        raise WrongLink("Wrong HTTP URL")  # "localhost" and its like
    return host


def _checked_address(host: str) -> str:
    try:
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        raise WrongLink("Wrong IPv6 address specified in the URL") from None
    return host


def _with_path(rest: str) -> str:
    path = rest if rest.startswith("/") else f"/{rest}"
    return path.replace(" ", "%20")
