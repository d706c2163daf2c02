"""What a message must be beyond its form: templates that lack something, receipts told twice, empty texts."""

from typing import TYPE_CHECKING

from babel.numbers import list_currencies

from sandbox.messenger.calls import Upload
from sandbox.messenger.errors import error, invalid
from sandbox.messenger.rules import MEDIA_KINDS, TEMPLATE_ALIAS
from sandbox.messenger.shapes import inside
from sandbox.messenger.state import Json, Receipt
from sandbox.messenger.utility import check_utility

if TYPE_CHECKING:
    from sandbox.messenger.world import MessengerWorld


def check_message(world: "MessengerWorld", message: Json, upload: Upload | None) -> None:
    """Nothing, or GraphError 100."""
    text: str | None = message.get("text")
    attachment: Json | None = message.get("attachment")
    if text is not None and attachment is not None:
        raise invalid("Cannot send both text and attachment in one message")
    if message.get("template") is not None:
        check_utility(world, message)
        return
    if attachment is None and not (text or "").strip():
        raise error("empty")
    if upload is not None and (attachment is None or attachment["type"] not in MEDIA_KINDS):
        raise invalid("An incorrect number of files uploaded. Must upload exactly one file")
    for number, reply in enumerate(message.get("quick_replies", ())):
        _check_quick_reply(reply, inside("message[quick_replies]", number))
    if attachment is not None and attachment["type"] == "template":
        _check_template(world, attachment["payload"])


def _check_quick_reply(reply: Json, path: str) -> None:
    """DOCS/send-messages/quick-replies: a picture may stand for the words."""
    if reply["content_type"] != "text" or "image_url" in reply:
        return
    for name in ("title", "payload"):
        if not str(reply[name]):
            raise invalid(f"param {inside(path, name)} must be non-empty.")


def _check_template(world: "MessengerWorld", payload: Json) -> None:
    match payload["template_type"]:
        case "button":
            if not payload["text"].strip():
                raise invalid(f"param {inside(TEMPLATE_ALIAS, 'text')} must be non-empty.")
            _check_buttons(payload["buttons"])
        case "generic":
            for number, element in enumerate(payload["elements"]):
                _check_element(element, inside(inside(TEMPLATE_ALIAS, "elements"), number))
        case _:
            _check_receipt(world, payload)


def _check_element(element: Json, path: str) -> None:
    """DOCS/send-messages/template/generic: a title alone is not enough."""
    if not element["title"].strip():
        raise invalid(f"param {inside(path, 'title')} must be non-empty.")
    if not any(element.get(name) for name in ("subtitle", "image_url", "default_action", "buttons")):
        raise invalid(f"{path} must have at least one property in addition to title")
    if "default_action" in element and "url" not in element["default_action"]:
        raise error("button_url")
    _check_buttons(element.get("buttons", ()))


def _check_buttons(buttons: list[Json]) -> None:
    for button in buttons:
        if not button.get("title", "").strip():
            raise error("button_title")
        if button["type"] == "postback" and not button.get("payload"):
            raise error("button_payload")
        if button["type"] == "web_url" and not button.get("url"):
            raise error("button_url")


def _check_receipt(world: "MessengerWorld", receipt: Json) -> None:
    """DOCS/send-messages/template/receipt."""
    currencies = [receipt["currency"]]
    currencies += [line["currency"] for line in receipt.get("elements", ()) if "currency" in line]
    known = list_currencies()
    for currency in currencies:
        if currency not in known:
            raise invalid(
                f"Param {inside(TEMPLATE_ALIAS, 'currency')} must be a valid ISO 4217 currency code"
            )
    if not receipt["order_number"].strip():
        raise invalid(f"param {inside(TEMPLATE_ALIAS, 'order_number')} must be non-empty.")
    if world.store.find(Receipt, receipt["order_number"]) is not None:
        raise invalid(f"Param {inside(TEMPLATE_ALIAS, 'order_number')} must be unique")
