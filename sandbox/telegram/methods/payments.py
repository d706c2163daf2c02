"""Invoices, and the bot's answers while somebody pays one."""

import json
import secrets
from typing import Any, Final

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request, parsing
from sandbox.telegram.json_values import as_array, as_object, integer_field, string_field
from sandbox.telegram.keyboards import Markup, check_for_sending, read_markup
from sandbox.telegram.markup import utf16_length
from sandbox.telegram.methods.posting import send
from sandbox.telegram.state import Invoice, Json, total

# https://core.telegram.org/bots/payments#supported-currencies
_CURRENCY_LIST: Final = """
AED AFN ALL AMD ARS AUD AZN BAM BDT BGN BND BOB BRL BYN CAD CHF CLP CNY COP CRC CZK DKK DOP DZD EGP ETB EUR GBP GEL
GTQ HKD HNL HRK HUF IDR ILS INR ISK JMD JPY KES KGS KRW KZT LBP LKR MAD MDL MNT MUR MVR MXN MYR MZN NGN NIO NOK NPR
NZD PAB PEN PHP PKR PLN PYG QAR RON RSD RUB SAR SEK SGD THB TJS TRY TTD TWD TZS UAH UGX USD UYU UZS VND YER ZAR
"""
CURRENCIES: Final = frozenset(_CURRENCY_LIST.split())
# About one US dollar in minor units; Telegram's own currencies.json follows the exchange rates.
SMALLEST_TOTALS: Final = {
    "USD": 100,
    "EUR": 86,
    "GBP": 75,
    "CHF": 80,
    "CAD": 138,
    "AUD": 152,
    "JPY": 150,
    "PLN": 366,
}
_LARGEST_IN_SMALLEST: Final = 10_000
_TITLE_MAX, _DESCRIPTION_MAX, _PAYLOAD_BYTES_MAX, _TIPS_MAX = 32, 255, 128, 4
_FLAGS: Final = (
    *("need_name", "need_phone_number", "need_email", "need_shipping_address"),
    *("send_phone_number_to_provider", "send_email_to_provider", "is_flexible"),
)


@method("sendInvoice")
async def send_invoice(call: Call) -> Json:
    """https://core.telegram.org/bots/api#sendinvoice."""
    details = _read_invoice(call)
    markup = read_markup(call.given.get("reply_markup"))
    chat = call.chat()
    _check_for_sending(call, details)
    check_for_sending(markup, invoice=True)
    shown = send(call, chat, {"invoice": _shown(details)}, markup or _pay_button(details), invoice=True)
    _keep(call, details, message=f"{chat.key}:{shown['message_id']}")
    return shown


@method("createInvoiceLink")
async def create_invoice_link(call: Call) -> str:
    """https://core.telegram.org/bots/api#createinvoicelink."""
    details = _read_invoice(call)
    _check_for_sending(call, details)
    return f"https://t.me/${_keep(call, details).slug}"


@method("answerShippingQuery")
async def answer_shipping_query(call: Call) -> bool:
    """https://core.telegram.org/bots/api#answershippingquery."""
    answer: Json = {"ok": call.flag("ok")}
    if answer["ok"]:
        answer["shipping_options"] = _shipping_options(call)
    else:
        answer["error_message"] = call.required("error_message")
    _answer(call, "shipping_query", answer)
    return True


@method("answerPreCheckoutQuery")
async def answer_pre_checkout_query(call: Call) -> bool:
    """https://core.telegram.org/bots/api#answerprecheckoutquery: ten seconds, by the world's clock."""
    answer: Json = {"ok": call.flag("ok")}
    if not answer["ok"]:
        answer["error_message"] = call.required("error_message")
    _answer(call, "pre_checkout_query", answer)
    return True


def _answer(call: Call, kind: str, answer: Json) -> None:
    call.world.checkouts.answer(call.bot, kind, call.text(f"{kind}_id"), answer)
    call.world.changes.notify()


def _read_invoice(call: Call) -> Json:
    """What the Bot API server itself checks (Client.cpp, get_input_message_invoice)."""
    details: Json = {name: call.required(name) for name in ("title", "description", "payload", "currency")}
    prices = read_prices(call.given.get("prices"))
    texts = {
        name: call.text(name) for name in ("provider_token", "provider_data", "start_parameter", "photo_url")
    }
    tips: Json = {
        "max_tip_amount": call.integer("max_tip_amount"),
        "suggested_tip_amounts": call.given.get("suggested_tip_amounts") or [],
    }
    return details | texts | tips | {"prices": prices} | {name: True for name in _FLAGS if call.flag(name)}


def read_prices(given: Any) -> list[Json]:
    """LabeledPrices, in the server's words when they are none."""
    listed = as_array(given)
    if listed is None:
        raise bad_request("Expected an Array of labeled prices")
    prices = [_price(price) for price in listed]
    if not prices:
        raise bad_request("There must be at least one price")
    return prices


def _price(given: Any) -> Json:
    with parsing("labeled price"):
        fields = as_object(given)
        if fields is None:
            raise bad_request("LabeledPrice must be an Object")
        label, amount = string_field(fields, "label"), integer_field(fields, "amount")
        if not label:
            raise bad_request("LabeledPrice label must be non-empty")
    return {"label": label, "amount": amount}


def _check_for_sending(call: Call, details: Json) -> None:
    """What Telegram's inner servers check; they answer with codes."""
    _check_lengths(details)
    _check_provider_data(details["provider_data"])
    amount = total(details["prices"])
    if amount <= 0:
        raise bad_request("CURRENCY_TOTAL_AMOUNT_INVALID")
    if details["currency"] == "XTR":
        return _check_stars(details)
    if details["provider_token"] not in call.bot.provider_tokens:
        raise bad_request("PAYMENT_PROVIDER_INVALID")
    if details["currency"] not in CURRENCIES:
        raise bad_request("CURRENCY_INVALID")
    smallest = SMALLEST_TOTALS.get(details["currency"], 1)
    if not smallest <= amount or (smallest > 1 and amount > smallest * _LARGEST_IN_SMALLEST):
        raise bad_request("CURRENCY_TOTAL_AMOUNT_INVALID")
    _check_tips(details)
    return None


def _check_lengths(details: Json) -> None:
    # The documentation gives the limits; the codes of the first two are named after its other _INVALID codes.
    if utf16_length(details["title"]) > _TITLE_MAX:
        raise bad_request("INVOICE_TITLE_INVALID")
    if utf16_length(details["description"]) > _DESCRIPTION_MAX:
        raise bad_request("INVOICE_DESCRIPTION_INVALID")
    if len(details["payload"].encode()) > _PAYLOAD_BYTES_MAX:
        raise bad_request("INVOICE_PAYLOAD_INVALID")


def _check_provider_data(provider_data: str) -> None:
    if not provider_data:
        return
    try:
        json.loads(provider_data)
    except ValueError:
        raise bad_request("DATA_JSON_INVALID") from None


def _check_stars(details: Json) -> None:
    if details["provider_token"] or len(details["prices"]) != 1 or details["max_tip_amount"]:
        raise bad_request("STARS_INVOICE_INVALID")


def _check_tips(details: Json) -> None:
    tips, most = details["suggested_tip_amounts"], details["max_tip_amount"]
    if len(tips) > _TIPS_MAX:
        raise bad_request("There can be at most 4 suggested tip amounts")
    if any(tip <= 0 for tip in tips):
        raise bad_request("Suggested tip amount must be positive")
    if tips != sorted(set(tips)) or any(tip > most for tip in tips):
        raise bad_request("TIP_AMOUNT_INVALID")


def _shipping_options(call: Call) -> list[Json]:
    given = as_array(call.given.get("shipping_options"))
    if given is None:
        raise bad_request('Parameter "shipping_options" is required')
    if not given:
        raise bad_request("There must be at least one shipping option")
    return [_shipping_option(option) for option in given]


def _shipping_option(given: Any) -> Json:
    with parsing("shipping option"):
        option = as_object(given)
        if option is None:
            raise bad_request("ShippingOption must be an Object")
        named = {"id": string_field(option, "id"), "title": string_field(option, "title")}
        return named | {"prices": read_prices(option.get("prices"))}


def _shown(details: Json) -> Json:
    return {
        "title": details["title"],
        "description": details["description"],
        "start_parameter": details["start_parameter"],
        "currency": details["currency"],
        "total_amount": total(details["prices"]),
    }


def _pay_button(details: Json) -> Markup:
    amount = f"{total(details['prices'])} ⭐" if details["currency"] == "XTR" else details["currency"]
    return {"inline_keyboard": [[{"text": f"Pay {amount}", "pay": True}]]}


def _keep(call: Call, details: Json, *, message: str | None = None) -> Invoice:
    invoice = Invoice(slug=secrets.token_urlsafe(12), bot_id=call.bot.id, details=details, message=message)
    call.world.save(invoice)
    return invoice
