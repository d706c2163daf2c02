"""Meta's 24 hours: who may still say what."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.messenger_graph import OutsideWindow
from bot.channels.messenger_window import Way, way
from bot.messages import Purpose

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEMPLATES: dict[Purpose, str] = {"order_update": "order_news"}


def after(hours: float, purpose: Purpose, templates: dict[Purpose, str] = TEMPLATES) -> Way:
    return way(purpose, heard_at=NOW - timedelta(hours=hours), now=NOW, templates=templates)


def test_within_the_window_everything_leaves_as_it_is() -> None:
    assert after(23.9, "answer") == Way({"messaging_type": "RESPONSE"})
    assert after(23.9, "staff") == Way({"messaging_type": "RESPONSE"})
    assert after(23.9, "order_update") == Way({"messaging_type": "UPDATE"})


def test_an_answer_does_not_leave_after_it() -> None:
    with pytest.raises(OutsideWindow, match="they last wrote 24 hours ago"):
        after(24, "answer")


def test_news_of_an_order_leave_after_it_in_an_approved_template() -> None:
    assert after(24 * 30, "order_update") == Way({"messaging_type": "UTILITY"}, template="order_news")
    with pytest.raises(OutsideWindow, match="utility_templates"):
        after(24, "order_update", {})


def test_staff_may_write_for_a_week() -> None:
    assert after(24, "staff") == Way({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"})
    assert after(24 * 7 - 0.1, "staff").fields["tag"] == "HUMAN_AGENT"
    with pytest.raises(OutsideWindow, match="7 days"):
        after(24 * 7, "staff")


def test_who_never_wrote_hears_nothing_but_news() -> None:
    for purpose in ("answer", "staff"):
        with pytest.raises(OutsideWindow, match="they never wrote"):
            way(purpose, heard_at=None, now=NOW, templates=TEMPLATES)
    assert way("order_update", heard_at=None, now=NOW, templates=TEMPLATES).template == "order_news"
