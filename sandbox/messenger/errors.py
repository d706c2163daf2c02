"""What the Graph API answers when it refuses: an envelope with a code, often a subcode, and a sentence.

The table names what this emulator can answer. Codes and subcodes are those of Meta's list,
https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes, and of the
Graph API's own, https://developers.facebook.com/docs/graph-api/guides/error-handling; sentences that the
lists leave out are worded as the API was seen to word them. Neither list promises an HTTP status: clients
must go by the code.
"""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Rule:
    """One line of the table."""

    code: int
    message: str
    subcode: int | None = None
    status: int = 400
    type: str = "OAuthException"
    transient: bool = False
    prefixed: bool = True  # most sentences begin with "(#code)"


ERRORS: Final[dict[str, Rule]] = {
    "unknown": Rule(1, "An unknown error occurred", status=500, transient=True, prefixed=False),
    "service": Rule(
        2,
        "An unexpected error has occurred. Please retry your request later.",
        status=500,
        transient=True,
        prefixed=False,
    ),
    "app_limit": Rule(4, "Application request limit reached", transient=True),
    "window": Rule(10, "This message is sent outside of allowed window.", 2018278),
    "control": Rule(
        10, "Message failed to send because another app is controlling this thread now.", 2018300
    ),
    "parameter": Rule(100, "Invalid parameter"),
    "no_person": Rule(100, "No matching user found", 2018001),
    "nothing": Rule(100, "Must send either message or state", 2018015),
    "empty": Rule(100, "Message cannot be empty, must provide valid attachment or text", 2018034),
    "button_payload": Rule(100, "Payload cannot be empty for postback type button", 2018040),
    "button_url": Rule(100, "Web url cannot be empty for url type button", 2018041),
    "button_title": Rule(100, "Element button title cannot be empty.", 2018053),
    "fetch": Rule(100, "Upload attachment failure.", 2018047),
    "too_large": Rule(100, "Attachment size exceeds allowable limit", 2018109),
    "no_object": Rule(
        100,
        "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing"
        " permissions, or does not support this operation",
        33,
        type="GraphMethodException",
        prefixed=False,
    ),
    "proof": Rule(
        100,
        "Invalid appsecret_proof provided in the API argument",
        type="GraphMethodException",
        prefixed=False,
    ),
    "proof_missing": Rule(
        100,
        "API calls from the server require an appsecret_proof argument",
        type="GraphMethodException",
        prefixed=False,
    ),
    "no_token": Rule(104, "An access token is required to request this resource.", prefixed=False),
    "too_many": Rule(105, "param {path} has too many elements."),
    "token": Rule(190, "Invalid OAuth access token - Cannot parse access token", prefixed=False),
    "too_few": Rule(194, "param {path} has too few elements."),
    "permission": Rule(200, "Requires {permission} permission to manage the object", status=403),
    "messaging": Rule(230, "Requires pages_messaging permission to manage the object", status=403),
    "unavailable": Rule(551, "This person isn't available right now.", 1545041),
    "rate": Rule(613, "Calls to this api have exceeded the rate limit.", transient=True),
    "send_failure": Rule(1200, "Temporary send message failure. Please try again later.", transient=True),
    "template": Rule(100, "Message Template Creation Failed", 2018416),
    "me_needs_token": Rule(
        2500,
        "An active access token must be used to query information about the current user.",
        prefixed=False,
    ),
    "path": Rule(2500, "Unknown path components: {path}", prefixed=False),
    "page_limit": Rule(
        80006,
        "There have been too many calls to this Messenger account. Wait a bit and try again.",
        transient=True,
    ),
    # Nothing in this world causes the following; they can be planned (faults.py).
    "user_limit": Rule(17, "User request limit reached", transient=True),
    "page_calls": Rule(32, "Page request limit reached", transient=True),
    "window_before_2020": Rule(10, "This message is sent outside of allowed window.", 2018065),
    "not_receiving": Rule(10, "This person isn't receiving messages from you right now.", 2018108),
    "restricted": Rule(10, "This Page is temporarily restricted from sending messages.", 1893063),
    "session": Rule(102, "Session key invalid or no longer valid", prefixed=False),
    "not_available": Rule(200, "This person isn't available right now.", 1545041),
    "in_development": Rule(
        200,
        "Cannot message users who are not admins, developers or testers of the app until pages_messaging"
        " permission is reviewed and the app is live.",
        2018028,
    ),
    "abusive": Rule(
        368, "The action attempted has been deemed abusive or is otherwise disallowed", prefixed=False
    ),
}


class GraphError(Exception):
    """A refusal; `headers` go with the answer."""

    def __init__(self, rule: Rule, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.headers = headers or {}

    @property
    def code(self) -> int:
        return self.rule.code

    @property
    def status(self) -> int:
        return self.rule.status

    def answer(self, trace: str) -> dict[str, Any]:
        """The JSON body."""
        error: dict[str, Any] = {"message": self.message, "type": self.rule.type, "code": self.rule.code}
        if self.rule.subcode is not None:
            error["error_subcode"] = self.rule.subcode
        if self.rule.transient:
            error["is_transient"] = True
        return {"error": error | {"fbtrace_id": trace}}


def error(name: str, *, headers: dict[str, str] | None = None, **words: str) -> GraphError:
    """The refusal of that name, its sentence filled in."""
    rule = ERRORS[name]
    sentence = rule.message.format(**words)
    return GraphError(rule, f"(#{rule.code}) {sentence}" if rule.prefixed else sentence, headers=headers)


def invalid(reason: str) -> GraphError:
    """Code 100 with a sentence of its own."""
    return GraphError(ERRORS["parameter"], f"(#100) {reason}")


def rule_of(code: int, subcode: int | None = None) -> Rule:
    """The line of the table with that code, and that subcode if one is wanted. Raises ValueError."""
    for rule in ERRORS.values():
        if rule.code == code and subcode in {None, rule.subcode}:
            return rule
    raise ValueError(f"the emulator knows no error {code}/{subcode}")
