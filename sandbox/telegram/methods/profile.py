"""The bot itself: who it is, its commands, its descriptions, its menu button."""

import re
from typing import Any, Final

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request, parsing
from sandbox.telegram.json_values import as_object, string_field
from sandbox.telegram.render import bot_json
from sandbox.telegram.state import Json

_COMMAND: Final = re.compile(r"/?[a-z0-9_]{1,32}")
_COMMANDS_MAX: Final = 100
_DESCRIPTION_MAX: Final = 256
_TEXT_LIMITS: Final = {"name": 64, "description": 512, "short_description": 120}
_SCOPES: Final = {
    *("default", "all_private_chats", "all_group_chats", "all_chat_administrators"),
    *("chat", "chat_administrators", "chat_member"),
}
_ABILITIES: Final = {
    "can_join_groups": True,
    "can_connect_to_business": False,
    "has_main_web_app": False,
}


@method("getMe")
async def get_me(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getme."""
    settings = {
        "can_read_all_group_messages": not call.bot.privacy,
        "supports_inline_queries": call.bot.inline,
    }
    return bot_json(call.bot) | _ABILITIES | settings


@method("setMyCommands")
async def set_my_commands(call: Call) -> bool:
    """https://core.telegram.org/bots/api#setmycommands."""
    given = call.given.get("commands")
    if given is None:
        raise bad_request('Parameter "commands" is required')
    if len(given) > _COMMANDS_MAX:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    call.bot.commands[_command_scope(call)] = [_command(command) for command in given]
    call.world.save(call.bot)
    return True


@method("getMyCommands")
async def get_my_commands(call: Call) -> list[Json]:
    """https://core.telegram.org/bots/api#getmycommands: exactly this scope and language."""
    return call.bot.commands.get(_command_scope(call), [])


@method("deleteMyCommands")
async def delete_my_commands(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deletemycommands."""
    call.bot.commands.pop(_command_scope(call), None)
    call.world.save(call.bot)
    return True


@method("setMyName", "setMyDescription", "setMyShortDescription")
async def set_my_text(call: Call) -> bool:
    """The bot's name and descriptions, by language."""
    what = _what(call)
    text = call.text(what)
    if len(text) > _TEXT_LIMITS[what]:
        raise bad_request(f"{'BOT_TITLE' if what == 'name' else 'BOT_DESCRIPTION'}_INVALID")
    call.bot.texts[f"{what}:{call.text('language_code')}"] = text
    call.world.save(call.bot)
    return True


@method("getMyName", "getMyDescription", "getMyShortDescription")
async def get_my_text(call: Call) -> Json:
    """The text of this language, or else the one for all."""
    what = _what(call)
    default = call.bot.texts.get(f"{what}:", call.bot.first_name if what == "name" else "")
    return {what: call.bot.texts.get(f"{what}:{call.text('language_code')}", default)}


@method("setChatMenuButton")
async def set_chat_menu_button(call: Call) -> bool:
    """https://core.telegram.org/bots/api#setchatmenubutton."""
    call.bot.menu_buttons[call.text("chat_id")] = call.given.get("menu_button") or {"type": "default"}
    call.world.save(call.bot)
    return True


@method("getChatMenuButton")
async def get_chat_menu_button(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getchatmenubutton."""
    default = call.bot.menu_buttons.get("", {"type": "commands"})
    return call.bot.menu_buttons.get(call.text("chat_id"), default)


def _what(call: Call) -> str:
    """set/getMyShortDescription → short_description."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", call.method[len("setMy") :]).lower()


def _command_scope(call: Call) -> str:
    scope = as_object(call.given.get("scope")) or {"type": "default"}
    kind = string_field(scope, "type")
    if kind not in _SCOPES:
        raise bad_request("Can't parse BotCommandScope: Unsupported type specified")
    return f"{kind}:{scope.get('chat_id', '')}:{scope.get('user_id', '')}:{call.text('language_code')}"


def _command(given: Any) -> Json:
    with parsing("BotCommand"):
        fields = as_object(given)
        if fields is None:
            raise bad_request("expected an Object")
        name, description = string_field(fields, "command"), string_field(fields, "description")
    if not _COMMAND.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 0 < len(description) <= _DESCRIPTION_MAX:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name.removeprefix("/"), "description": description}
