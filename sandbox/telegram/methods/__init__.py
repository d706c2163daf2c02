"""The Bot API methods the emulator speaks, one file a topic; importing this registers them all."""

from sandbox.telegram.methods import (
    albums,
    chats,
    copies,
    editing,
    inline,
    media,
    members,
    messages,
    payments,
    profile,
    stars,
    topics,
    updates,
)

__all__ = [
    "albums",
    "chats",
    "copies",
    "editing",
    "inline",
    "media",
    "members",
    "messages",
    "payments",
    "profile",
    "stars",
    "topics",
    "updates",
]
