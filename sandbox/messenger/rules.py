"""What Meta documents of the Messenger Platform, as data: every limit, form and name that this emulator checks.

Beside each stands the page it comes from (Graph API v26.0; pages as of autumn 2026):

    DOCS  = https://developers.facebook.com/documentation/business-messaging/messenger-platform
    GRAPH = https://developers.facebook.com/docs/graph-api

Where the pages are silent the form is that of Meta's own Python SDK, facebook-business 26.
"""

from collections.abc import Mapping
from typing import Final

from sandbox.messenger.shapes import Array, Flag, Id, Link, Number, Object, Shape, Tagged, Text

VERSION_MAX: Final = 26
PAGE_INBOX_APP_ID: Final = "263902037430900"  # DOCS/conversation-routing: the Page Inbox as an app

# ── quick replies: DOCS/send-messages/quick-replies ─────────────────────────────────────────────────

QUICK_REPLIES_MAX: Final = 13
QUICK_REPLY_TITLE_MAX: Final = 20
PAYLOAD_MAX: Final = 1000

QUICK_REPLY: Final = Tagged(
    by="content_type",
    forms={
        "text": Object(
            fields={
                "content_type": Text(),
                "title": Text(longest=QUICK_REPLY_TITLE_MAX),
                "payload": Text(longest=PAYLOAD_MAX, or_number=True),
                "image_url": Link(),
            },
            required=("title", "payload"),
        ),
        "user_phone_number": Object(fields={"content_type": Text()}),
        "user_email": Object(fields={"content_type": Text()}),
    },
)

# ── buttons: DOCS/send-messages/buttons, DOCS/reference/buttons ─────────────────────────────────────

BUTTONS_MAX: Final = 3
BUTTON_TITLE_MAX: Final = 20

_WEB_URL: Final[Mapping[str, Shape]] = {
    "type": Text(),
    "url": Link(secure=True),
    "webview_height_ratio": Text(choices=("compact", "tall", "full")),
    "messenger_extensions": Flag(),
    "fallback_url": Link(secure=True),
    "webview_share_button": Text(choices=("hide",)),
}
_TITLE: Final = Text(longest=BUTTON_TITLE_MAX)
# What a button lacks is told in words of its own (rules of sending.py), so only "type" is required here.
_BUTTON_FORMS: Final = {
    "web_url": Object(fields={**_WEB_URL, "title": _TITLE}),
    "postback": Object(fields={"type": Text(), "title": _TITLE, "payload": Text(longest=PAYLOAD_MAX)}),
    "phone_number": Object(
        fields={"type": Text(), "title": _TITLE, "payload": Text(pattern=r"\+\d{4,15}")},
        required=("payload",),
    ),
}
BUTTON: Final = Tagged(by="type", forms=_BUTTON_FORMS)
DEFAULT_ACTION: Final = Tagged(by="type", forms={"web_url": Object(fields=_WEB_URL)})

# ── templates: DOCS/send-messages/template/button, /generic, /receipt ───────────────────────────────

BUTTON_TEXT_MAX: Final = 640
ELEMENTS_MAX: Final = 10
ELEMENT_TEXT_MAX: Final = 80
RECEIPT_ELEMENTS_MAX: Final = 100

GENERIC_ELEMENT: Final = Object(
    fields={
        "title": Text(longest=ELEMENT_TEXT_MAX),
        "subtitle": Text(longest=ELEMENT_TEXT_MAX),
        "image_url": Link(),
        "default_action": DEFAULT_ACTION,
        "buttons": Array(of=BUTTON, least=1, most=BUTTONS_MAX),
    },
    required=("title",),
)
_RECEIPT: Final = Object(
    fields={
        "template_type": Text(),
        "sharable": Flag(),
        "recipient_name": Text(),
        "merchant_name": Text(),
        "order_number": Text(),
        "currency": Text(),
        "payment_method": Text(),
        "order_url": Link(),
        "timestamp": Text(pattern=r"\d+"),
        "elements": Array(
            of=Object(
                fields={
                    "title": Text(),
                    "subtitle": Text(),
                    "quantity": Number(least=0),
                    "price": Number(least=0),
                    "currency": Text(),
                    "image_url": Link(),
                },
                required=("title", "price"),
            ),
            most=RECEIPT_ELEMENTS_MAX,
        ),
        "address": Object(
            fields={
                name: Text() for name in ("street_1", "street_2", "city", "postal_code", "state", "country")
            },
            required=("street_1", "city", "postal_code", "state", "country"),
        ),
        "summary": Object(
            fields={
                name: Number(least=0) for name in ("subtotal", "shipping_cost", "total_tax", "total_cost")
            },
            required=("total_cost",),
        ),
        "adjustments": Array(
            of=Object(fields={"name": Text(), "amount": Number()}, required=("name", "amount"))
        ),
    },
    required=("recipient_name", "order_number", "currency", "payment_method", "summary"),
)
TEMPLATE_ALIAS: Final = "name_placeholder"  # as the API was seen to call a template's payload
TEMPLATE: Final = Tagged(
    by="template_type",
    alias=TEMPLATE_ALIAS,
    forms={
        "button": Object(
            fields={
                "template_type": Text(),
                "sharable": Flag(),
                "text": Text(longest=BUTTON_TEXT_MAX),
                "buttons": Array(of=BUTTON, least=1, most=BUTTONS_MAX),
            },
            required=("text", "buttons"),
        ),
        "generic": Object(
            fields={
                "template_type": Text(),
                "sharable": Flag(),
                "image_aspect_ratio": Text(choices=("horizontal", "square")),
                "elements": Array(of=GENERIC_ELEMENT, least=1, most=ELEMENTS_MAX),
            },
            required=("elements",),
        ),
        "receipt": _RECEIPT,
    },
)

# ── media: DOCS/send-messages/saving-assets ─────────────────────────────────────────────────────────

MEDIA_BYTES_MAX: Final = 25 * 1024 * 1024
IMAGE_FROM_URL_BYTES_MAX: Final = 8 * 1024 * 1024
ATTACHMENT_DAYS: Final = 90
MEDIA_KINDS: Final = ("image", "audio", "video", "file")

_MEDIA: Final = Object(
    fields={
        "type": Text(),
        "payload": Object(fields={"url": Link(), "is_reusable": Flag(), "attachment_id": Id()}),
    },
    required=("payload",),
)
ATTACHMENT: Final = Tagged(
    by="type",
    forms={
        "template": Object(fields={"type": Text(), "payload": TEMPLATE}, required=("payload",)),
        **dict.fromkeys(MEDIA_KINDS, _MEDIA),
    },
)
MEDIA: Final = Tagged(by="type", forms=dict.fromkeys(MEDIA_KINDS, _MEDIA))

# ── messages: DOCS/reference/send-api ───────────────────────────────────────────────────────────────

TEXT_MAX: Final = 2000
METADATA_MAX: Final = 1000

# DOCS/send-messages/utility-messages: a template that was approved before, and what fills it. It is no attachment.
UTILITY: Final = Object(
    fields={
        "name": Text(),
        "language": Object(fields={"code": Text()}, required=("code",)),
        "components": Array(
            of=Object(
                fields={
                    "type": Text(choices=("header", "body", "buttons")),
                    "parameters": Array(
                        of=Tagged(
                            by="type",
                            forms={
                                "text": Object(
                                    fields={"type": Text(), "text": Text(), "parameter_name": Text()},
                                    required=("text",),
                                ),
                                "POSTBACK": Object(
                                    fields={"type": Text(), "payload": Text(longest=PAYLOAD_MAX)},
                                    required=("payload",),
                                ),
                                "URL": Object(fields={"type": Text(), "url": Text()}, required=("url",)),
                            },
                        )
                    ),
                },
                required=("type", "parameters"),
            )
        ),
    },
    required=("name", "language", "components"),
)
MESSAGE: Final = Object(
    fields={
        "text": Text(longest=TEXT_MAX),
        "attachment": ATTACHMENT,
        "template": UTILITY,
        "quick_replies": Array(of=QUICK_REPLY, most=QUICK_REPLIES_MAX),
        "metadata": Text(longest=METADATA_MAX),
    }
)
MESSAGING_TYPES: Final = ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY")
# DOCS/policy, DOCS/send-messages/message-tags: the three others are gone since 27 April 2026 (error 100).
TAGS: Final = ("HUMAN_AGENT",)
RETIRED_TAGS: Final = ("CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE", "ACCOUNT_UPDATE")
SENDER_ACTIONS: Final = ("typing_on", "typing_off", "mark_seen")
# DOCS/policy, "standard messaging". After a first message that came by an ad it "may" be up to 7 days; an app
# cannot count on that, so here it never is.
WINDOW_SECONDS: Final = 24 * 3600
HUMAN_AGENT_SECONDS: Final = 7 * 24 * 3600
TYPING_SECONDS: Final = 20  # DOCS/send-messages/sender-actions: the bubble goes away by itself

# Somebody can be addressed in other ways too, but nobody in this world can be reached by them.
RECIPIENT: Final = Object(
    fields={
        "id": Id(),
        **dict.fromkeys(
            (
                "user_ref",
                "phone_number",
                "comment_id",
                "post_id",
                "one_time_notif_token",
                "notification_messages_token",
            ),
            Text(),
        ),
    }
)

# ── the Page's profile: DOCS/reference/messenger-profile-api and its sub-pages ──────────────────────

GREETING_MAX: Final = 160
MENU_ITEMS_MAX: Final = 20
MENU_TITLE_MAX: Final = 30
ICE_BREAKERS_MAX: Final = 4
QUESTION_MAX: Final = 80

_MENU_TITLE: Final = Text(longest=MENU_TITLE_MAX)
_ICE_BREAKER: Final = Object(
    fields={"question": Text(longest=QUESTION_MAX), "payload": Text(longest=PAYLOAD_MAX)},
    required=("question", "payload"),
)
PROFILE: Final[Mapping[str, Shape]] = {
    "get_started": Object(fields={"payload": Text(longest=PAYLOAD_MAX)}, required=("payload",)),
    "greeting": Array(
        of=Object(fields={"locale": Text(), "text": Text(longest=GREETING_MAX)}, required=("locale", "text")),
        least=1,
    ),
    "persistent_menu": Array(
        of=Object(
            fields={
                "locale": Text(),
                "composer_input_disabled": Flag(),
                "call_to_actions": Array(
                    of=Tagged(
                        by="type",
                        forms={
                            "web_url": Object(
                                fields={**_WEB_URL, "title": _MENU_TITLE}, required=("title", "url")
                            ),
                            "postback": Object(
                                fields={
                                    "type": Text(),
                                    "title": _MENU_TITLE,
                                    "payload": Text(longest=PAYLOAD_MAX),
                                },
                                required=("title", "payload"),
                            ),
                        },
                    ),
                    least=1,
                    most=MENU_ITEMS_MAX,
                ),
            },
            required=("locale",),
        ),
        least=1,
    ),
    "ice_breakers": Array(
        of=Object(
            fields={
                "question": Text(longest=QUESTION_MAX),
                "payload": Text(longest=PAYLOAD_MAX),
                "call_to_actions": Array(of=_ICE_BREAKER, least=1, most=ICE_BREAKERS_MAX),
                "locale": Text(),
            }
        ),
        least=1,
        most=ICE_BREAKERS_MAX,
    ),
    "whitelisted_domains": Array(of=Link(), most=50),
    "account_linking_url": Link(secure=True),
}

# ── utility templates: DOCS/send-messages/utility-messages ──────────────────────────────────────────

TEMPLATE_NAME_MAX: Final = 512
TEMPLATE_BODY_MAX: Final = 1024
_NAMED_EXAMPLES: Final = Array(
    of=Object(fields={"param_name": Text(), "example": Text()}, required=("param_name", "example"))
)
NEW_TEMPLATE: Final[Mapping[str, Shape]] = {
    "name": Text(longest=TEMPLATE_NAME_MAX, pattern="[a-z0-9_]+"),
    "language": Text(pattern=r"[a-z]{2,3}(_[A-Z]{2})?"),
    "category": Text(choices=("UTILITY",)),
    "parameter_format": Text(choices=("POSITIONAL", "NAMED")),
    "components": Array(
        of=Object(
            fields={
                "type": Text(choices=("HEADER", "BODY", "BUTTONS")),
                "format": Text(choices=("TEXT",)),
                "text": Text(longest=TEMPLATE_BODY_MAX),
                "example": Object(
                    fields={
                        "header_text": Array(of=Text()),
                        "header_text_named_params": _NAMED_EXAMPLES,
                        "body_text": Array(of=Array(of=Text())),
                        "body_text_named_params": _NAMED_EXAMPLES,
                    }
                ),
                "buttons": Array(
                    of=Object(
                        fields={
                            "type": Text(choices=("POSTBACK", "URL", "PHONE_NUMBER", "QUICK_REPLY")),
                            "text": Text(longest=BUTTON_TITLE_MAX),
                            "url": Text(),
                            "payload": Text(longest=PAYLOAD_MAX),
                            "phone_number": Text(),
                            "example": Object(fields={"url_suffix_example": Text()}),
                        },
                        required=("type", "text"),
                    ),
                    least=1,
                    most=BUTTONS_MAX,
                ),
            },
            required=("type",),
        ),
        least=1,
    ),
}

# ── subscriptions: DOCS/webhooks/webhook-events ─────────────────────────────────────────────────────

FIELDS: Final = (
    "messages",
    "messaging_postbacks",
    "messaging_referrals",
    "message_deliveries",
    "message_reads",
    "message_echoes",
    "message_reactions",
    "messaging_handovers",
    "standby",
)
# These may be subscribed to, but nothing in this world ever causes them.
QUIET_FIELDS: Final = (
    "feed",
    "message_edits",
    "message_template_status_update",
    "messaging_account_linking",
    "messaging_customer_information",
    "messaging_feedback",
    "messaging_optins",
    "messaging_optouts",
    "messaging_policy_enforcement",
)
