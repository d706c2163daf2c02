"""The bot's Telegram Stars: its balance, where they came from, giving them back."""

from typing import Final

from sandbox.telegram import stars
from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request
from sandbox.telegram.state import Json, User

_AT_ONCE_MAX: Final = 100


@method("refundStarPayment")
async def refund_star_payment(call: Call) -> bool:
    """https://core.telegram.org/bots/api#refundstarpayment."""
    user_id = call.user_id()
    charge = call.text("telegram_payment_charge_id")
    if call.world.store.find(User, str(user_id)) is None:
        raise bad_request("USER_ID_INVALID")
    if not charge:
        raise bad_request("CHARGE_ID_EMPTY")
    stars.give_back(call.world, call.bot, user_id, charge)
    return True


@method("getMyStarBalance")
async def get_my_star_balance(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getmystarbalance."""
    return {"amount": call.bot.stars}


@method("getStarTransactions")
async def get_star_transactions(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getstartransactions: in the order in which they happened."""
    offset = call.integer("offset", least=0)
    limit = call.integer("limit", _AT_ONCE_MAX, least=1, most=_AT_ONCE_MAX)
    return {"transactions": stars.transactions(call.world, call.bot)[offset : offset + limit]}
