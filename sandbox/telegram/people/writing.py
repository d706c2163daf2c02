"""What a person writes and sends, changes and takes back."""

from sandbox.telegram.audience import announce
from sandbox.telegram.group_state import Group
from sandbox.telegram.markup import Formatted
from sandbox.telegram.people.person import CannotDo, Person, Where
from sandbox.telegram.render import file_content, photo_content
from sandbox.telegram.state import Json, Message
from sandbox.telegram.text import plain


class Writing(Person):
    """Writing in private chats and in groups; `topic` is a forum topic's number, nothing means General."""

    def say(
        self, where: Where, text: str, *, reply_to: int | None = None, topic: int | None = None
    ) -> Message:
        """Write a text message."""
        return self.tell(where, text_content(plain(text)), reply_to=reply_to, topic=topic)

    def send_photo(
        self, where: Where, picture: bytes, caption: str = "", *, topic: int | None = None
    ) -> Message:
        file = self._world.keep_file(picture, "photo")
        return self.tell(where, {"photo": photo_content(file)} | caption_content(plain(caption)), topic=topic)

    def send_document(
        self, where: Where, content: bytes, name: str, caption: str = "", *, topic: int | None = None
    ) -> Message:
        file = self._world.keep_file(content, "document", name=name)
        document = file_content(file) | {"file_name": name, "mime_type": file.mime_type}
        return self.tell(where, {"document": document} | caption_content(plain(caption)), topic=topic)

    def send_voice(self, where: Where, recording: bytes = b"OggS", duration_seconds: int = 3) -> Message:
        file = self._world.keep_file(recording, "voice")
        voice = file_content(file) | {"duration": duration_seconds, "mime_type": file.mime_type}
        return self.tell(where, {"voice": voice})

    def send_sticker(self, where: Where, emoji: str = "👍") -> Message:
        file = self._world.keep_file(b"RIFF", "sticker", mime_type="image/webp")
        shape: Json = {
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
        }
        return self.tell(where, {"sticker": file_content(file) | shape | {"emoji": emoji}})

    def share_contact(
        self, where: Where, phone: str | None = None, *, own: bool = True, name: str | None = None
    ) -> Message:
        """A contact card; the person's own one carries their user id."""
        number = phone or self.record.phone
        if number is None:
            raise CannotDo(f"{self.record.first_name} has no phone number to share")
        card: Json = {"phone_number": number, "first_name": name or self.record.first_name}
        return self.tell(where, {"contact": card | ({"user_id": self.id} if own else {})})

    def share_location(self, where: Where, latitude: float, longitude: float) -> Message:
        return self.tell(where, {"location": {"latitude": latitude, "longitude": longitude}})

    def forward(self, message: Message, to: Where, *, topic: int | None = None) -> Message:
        """Send somebody's message on, with where it is from."""
        if message.protected or message.is_service:
            raise CannotDo("this message can't be forwarded")
        origin = self._world.origin(message)
        return self.tell(to, message.content, topic=topic, origin=origin, via_bot=message.via_bot)

    def edit(self, where: Where, message_id: int, text: str) -> Message:
        """Change what one wrote before; in a channel, with the right for it, what anyone wrote."""
        message = self._changeable(where, message_id, "can_edit_messages")
        field = "text" if "text" in message.content else "caption"
        message.content = {
            name: value
            for name, value in message.content.items()
            if not name.startswith(("text", "caption", "entities"))
        }
        message.content |= text_content(plain(text)) if field == "text" else caption_content(plain(text))
        message.edited_at = self._world.unix_time()
        self._world.save(message)
        announce(self._world, message, edited=True)
        return message

    def delete(self, where: Where, message_id: int) -> None:
        """Remove a message for everybody: one's own, or with the right for it any; bots are not told."""
        self._world.forget_message(self._changeable(where, message_id, "can_delete_messages"))

    def _changeable(self, where: Where, message_id: int, right: str) -> Message:
        message = self._world.message(self._chat(where), message_id)
        allowed = isinstance(where, Group) and where.has_right(self.id, right)
        if right == "can_edit_messages" and isinstance(where, Group) and where.type != "channel":
            allowed = False
        if message is None or (message.from_id != self.id and not allowed):
            raise CannotDo(f"{self.record.first_name} wrote no message {message_id}")
        return message


def text_content(formatted: Formatted) -> Json:
    """A text as a message's content."""
    return {"text": formatted.text} | ({"entities": formatted.entities} if formatted.entities else {})


def caption_content(formatted: Formatted) -> Json:
    """A caption as part of a message's content."""
    if not formatted.text:
        return {}
    return {"caption": formatted.text} | (
        {"caption_entities": formatted.entities} if formatted.entities else {}
    )
