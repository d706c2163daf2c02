"""Reply markup: what a bot may put under a message, read as strictly as the Bot API server reads it."""

from collections.abc import Callable
from typing import Any, Final

from sandbox.telegram.errors import bad_request, parsing
from sandbox.telegram.json_values import as_array, as_object, boolean_field, string_field
from sandbox.telegram.links import WrongLink, normal_link

Markup = dict[str, Any]

CALLBACK_DATA_BYTES_MAX: Final = 64
BUTTONS_MAX: Final = 100
_KEYBOARD_FLAGS: Final = ("is_persistent", "resize_keyboard", "one_time_keyboard", "selective")
_OBJECT_BUTTONS: Final = ("web_app", "login_url", "copy_text", "switch_inline_query_chosen_chat")
_OBJECT_KEYS: Final = ("request_users", "request_chat", "request_poll", "web_app")
_TEXT_BUTTONS: Final = ("switch_inline_query", "switch_inline_query_current_chat")


def read_markup(given: Any) -> Markup | None:
    """The markup in normal form, or None for an empty one. Raises 400 in the server's words."""
    if given is None or given == {}:
        return None
    markup = as_object(given)
    if markup is None:
        raise bad_request("Object expected as reply markup")
    rows = _rows(markup, "keyboard", "", _keyboard_button)
    inline_rows = _rows(markup, "inline_keyboard", " of the InlineKeyboardMarkup", _inline_button)
    for button in (button for row in inline_rows for button in row):
        _check_button(button)
    if rows:
        return {"keyboard": rows} | _flags(markup, *_KEYBOARD_FLAGS) | _placeholder(markup)
    if inline_rows:
        return {"inline_keyboard": inline_rows}
    if boolean_field(markup, "remove_keyboard"):
        return {"remove_keyboard": True} | _flags(markup, "selective")
    if boolean_field(markup, "force_reply"):
        return {"force_reply": True} | _flags(markup, "selective") | _placeholder(markup)
    return None


def check_for_sending(markup: Markup | None, *, invoice: bool = False) -> None:
    """What only Telegram's inner servers refuse: sizes, and where a Pay button may be."""
    buttons = [button for row in (markup or {}).get("inline_keyboard", []) for button in row]
    for button in buttons:
        if len(button.get("callback_data", "").encode()) > CALLBACK_DATA_BYTES_MAX:
            raise bad_request("BUTTON_DATA_INVALID")
    keys = [button for row in (markup or {}).get("keyboard", []) for button in row]
    if len(buttons) > BUTTONS_MAX or len(keys) > 3 * BUTTONS_MAX:
        raise bad_request("reply markup is too long")
    pays = [number for number, button in enumerate(buttons) if "pay" in button]
    if pays and not invoice:
        raise bad_request("BUTTON_TYPE_INVALID")
    if invoice and buttons and pays != [0]:
        raise bad_request("REPLY_MARKUP_BUY_EMPTY")


def inline_only(markup: Markup | None) -> Markup | None:
    """Edited messages take inline keyboards alone."""
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("Inline keyboard expected")
    return markup


def _rows(given: Markup, name: str, owner: str, read: Callable[[Any], Markup]) -> list[list[Markup]]:
    if given.get(name) is None:
        return []
    rows = as_array(given[name])
    if rows is None:
        raise bad_request(f'Field "{name}" must be of type Array')
    read_rows: list[list[Markup]] = []
    for row in rows:
        buttons = as_array(row)
        if buttons is None:
            raise bad_request(f'Field "{name}"{owner} must be an Array of Arrays')
        with parsing(f"{name.replace('_', ' ')} button"):
            read_rows.append([read(button) for button in buttons])
    return [row for row in read_rows if row]


def _inline_button(given: Any) -> Markup:
    button = as_object(given)
    if button is None:
        raise bad_request("InlineKeyboardButton must be an Object")
    looks = _optional_strings(button, "style", "icon_custom_emoji_id")
    return {"text": string_field(button, "text")} | looks | _action(button)


def _check_button(button: Markup) -> None:
    """What TDLib refuses once the JSON is read; URLs get their normal form."""
    if not button["text"].strip():
        raise bad_request("Inline keyboard button text must be non-empty")
    if "url" in button:
        button["url"] = _checked_url(button["url"])


def _action(given: Markup) -> Markup:
    url = string_field(given, "url", default="")
    if url:
        return {"url": url}
    data = string_field(given, "callback_data", default="")
    if data:
        return {"callback_data": data}
    if "callback_game" in given or "pay" in given:
        return {"callback_game": {}} if "callback_game" in given else {"pay": True}
    for name in _TEXT_BUTTONS:
        if name in given:
            return {name: string_field(given, name)}
    for name in _OBJECT_BUTTONS:
        if name in given:
            if as_object(given[name]) is None:
                raise bad_request(f'Field "{name}" must be of type Object')
            return {name: given[name]}
    raise bad_request("Text buttons are unallowed in the inline keyboard")


def _checked_url(url: str) -> str:
    try:
        return normal_link(url)
    except WrongLink as wrong:
        raise bad_request(f"Inline keyboard button URL '{url}' is invalid: {wrong.reason}") from None


def _keyboard_button(given: Any) -> Markup:
    button = {"text": given} if isinstance(given, str) else as_object(given)
    if button is None:
        raise bad_request("KeyboardButton must be a String or an Object")
    text = string_field(button, "text")
    if not text.strip():
        raise bad_request("Keyboard button text must be non-empty")
    for name in ("request_contact", "request_location"):
        if boolean_field(button, name):
            return {"text": text, name: True}
    objects = {name: button[name] for name in _OBJECT_KEYS if as_object(button.get(name)) is not None}
    return {"text": text} | _optional_strings(button, "style", "icon_custom_emoji_id") | objects


def _flags(given: Markup, *names: str) -> Markup:
    return {name: True for name in names if boolean_field(given, name)}


def _optional_strings(given: Markup, *names: str) -> Markup:
    return {name: string_field(given, name) for name in names if given.get(name) is not None}


def _placeholder(given: Markup) -> Markup:
    return _optional_strings(given, "input_field_placeholder")
