"""Paying what bots ask for: with a card, or with Telegram Stars."""

from sandbox.telegram.payments import OrderDetails, Payment, PaymentOutcome
from sandbox.telegram.people.person import CannotDo, Person, Where
from sandbox.telegram.state import Bot, Invoice


class Paying(Person):
    """Invoices and Stars."""

    @property
    def stars(self) -> int:
        """The Stars they own."""
        return self.record.stars

    def buy_stars(self, amount: int) -> None:
        """Get Stars from Telegram."""
        if amount <= 0:
            raise ValueError(f"nobody buys {amount} Stars")
        self.record.stars += amount
        self._world.save(self.record)

    async def pay(
        self,
        bot: Where,
        card: str = "visa",
        invoice: int | str | None = None,
        *,
        details: OrderDetails | None = None,
        shipping_option: str | None = None,
        tip: int = 0,
    ) -> PaymentOutcome:
        """Pay an invoice: a message id, a link from createInvoiceLink, or the newest one in the chat.

        `bot` may be a group with an invoice in it. What is asked in Stars is paid in Stars, whatever the card.
        """
        bill = self._invoice(bot, invoice)
        if bill.message is not None and bill.paid_by:
            raise CannotDo("this invoice is paid already")
        seller = self._world.find_bot(bill.bot_id)
        assert seller is not None, "an invoice of a bot that is not there"
        payment = Payment(
            self._world,
            seller,
            self.record,
            bill,
            card,
            details or OrderDetails(),
            shipping_option,
            tip,
            where=bot,
        )
        return await payment.make()

    def _invoice(self, where: Where, wanted: int | str | None) -> Invoice:
        bills = list(self._world.store.all(Invoice))
        if isinstance(wanted, str):
            slug = wanted.rsplit("$", 1)[-1]
            found = next((bill for bill in bills if bill.slug == slug), None)
            if found is not None and isinstance(where, Bot) and found.bot_id != where.id:
                found = None
        else:
            shown = {message.key: message.id for message in self._world.messages(self._chat(where))}
            here = [bill for bill in bills if bill.message in shown]
            matching = [bill for bill in here if wanted in {None, shown[bill.message or ""]}]
            found = max(matching, key=lambda bill: shown[bill.message or ""], default=None)
        if found is None:
            called = f"from @{where.username}" if isinstance(where, Bot) else f"in {where.title}"
            raise CannotDo(f"there is no invoice {wanted or ''} {called}")
        return found
