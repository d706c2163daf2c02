"""Telegram Stars: who has how many, and what was paid with them. https://core.telegram.org/bots/payments-stars."""

from typing import TYPE_CHECKING

from sandbox.telegram.errors import bad_request
from sandbox.telegram.render import user_json
from sandbox.telegram.state import Bot, Invoice, Json, StarPayment, User

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld


def take(world: "TelegramWorld", bot: Bot, user: User, invoice: Invoice, *, charge: str, amount: int) -> bool:
    """Move Stars from a person to a bot; False, and nothing moves, when they have too few."""
    if user.stars < amount:
        return False
    user.stars -= amount
    bot.stars += amount
    payment = StarPayment(
        charge=charge,
        bot_id=bot.id,
        user_id=user.id,
        amount=amount,
        payload=invoice.details["payload"],
        paid_at=world.unix_time(),
    )
    for record in (user, bot, payment):
        world.save(record)
    return True


def give_back(world: "TelegramWorld", bot: Bot, user_id: int, charge: str) -> None:
    """Refund a payment in full, once. Raises 400 with the codes of payments.refundStarsCharge."""
    payment = world.store.find(StarPayment, charge)
    if payment is None or payment.bot_id != bot.id or payment.user_id != user_id:
        raise bad_request("CHARGE_ID_INVALID")
    if payment.refunded_at is not None:
        raise bad_request("CHARGE_ALREADY_REFUNDED")
    if bot.stars < payment.amount:
        raise bad_request("BALANCE_TOO_LOW")
    user = world.user(user_id).record
    user.stars += payment.amount
    bot.stars -= payment.amount
    payment.refunded_at = world.unix_time()
    for record in (user, bot, payment):
        world.save(record)
    _tell(world, bot, user, payment)


def transactions(world: "TelegramWorld", bot: Bot) -> list[Json]:
    """StarTransactions of a bot, the oldest first; a refund has the number of its payment."""
    moves: list[tuple[int, int, Json]] = []
    for payment in world.store.all(StarPayment):
        if payment.bot_id != bot.id:
            continue
        partner: Json = {
            "type": "user",
            "transaction_type": "invoice_payment",
            "user": user_json(world.user(payment.user_id).record),
            "invoice_payload": payment.payload,
        }
        move: Json = {"id": payment.charge, "amount": payment.amount}
        moves.append((payment.paid_at, 0, move | {"date": payment.paid_at, "source": partner}))
        if payment.refunded_at is not None:
            back = move | {"date": payment.refunded_at, "receiver": partner}
            moves.append((payment.refunded_at, 1, back))
    return [move for _, _, move in sorted(moves, key=lambda dated: dated[:2])]


def _tell(world: "TelegramWorld", bot: Bot, user: User, payment: StarPayment) -> None:
    """The service message in their private chat, of which the bot is told (Message.refunded_payment)."""
    chat = world.chat(bot, user.id)
    if chat is None:  # paid in a group, and never spoken to since
        return
    refunded: Json = {
        "currency": "XTR",
        "total_amount": payment.amount,
        "invoice_payload": payment.payload,
        "telegram_payment_charge_id": payment.charge,
    }
    world.post_service(chat, user.id, {"refunded_payment": refunded})
