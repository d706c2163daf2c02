"""How a bot stands at Telegram: who it is, what it may hear, and where its updates go."""

from dataclasses import dataclass
from datetime import datetime

from aiogram.methods import GetMe, GetWebhookInfo

from bot.channels.telegram_calls import BotApi


@dataclass(frozen=True, slots=True)
class TelegramStanding:
    """https://core.telegram.org/bots/api#getme and #getwebhookinfo."""

    username: str
    joins_groups: bool
    inline: bool
    webhook: str  # where updates go; empty while they are polled for
    waiting: int  # updates that were not fetched or delivered yet
    last_error: str  # of a delivery to the webhook
    last_error_at: datetime | None


async def standing(api: BotApi) -> TelegramStanding:
    """Ask Telegram. Raises Rejected or Unavailable (WrongToken)."""
    me, webhook = await api.call(GetMe()), await api.call(GetWebhookInfo())
    return TelegramStanding(
        username=me.username or "",
        joins_groups=bool(me.can_join_groups),
        inline=bool(me.supports_inline_queries),
        webhook=webhook.url,
        waiting=webhook.pending_update_count,
        last_error=webhook.last_error_message or "",
        last_error_at=webhook.last_error_date,
    )
