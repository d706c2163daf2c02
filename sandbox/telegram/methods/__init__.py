"""The Bot API methods the emulator speaks, one file a topic; importing this registers them all."""

from sandbox.telegram.methods import chats, editing, media, messages, payments, profile, updates

__all__ = ["chats", "editing", "media", "messages", "payments", "profile", "updates"]
