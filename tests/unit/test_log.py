"""Logs show what happened, and neither secrets nor what people told us."""

import pytest

from app.log import MASK, mask


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("telegram_token", "anything"),
        ("stripe_key", "sk_test_1234567890abcdef"),
        ("url", "postgresql://user:hunter2@db/parley"),
        ("error", "POST /bot7000000001:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/sendMessage failed"),
        ("error", "bad key rk_live_abcdefghij"),
        ("error", "Meta refused EAAGm0PX4ZCpsBAabcdefghijZC"),
        ("note", "call +49 30 1234567 please"),
        ("note", "write to ana@example.com"),
        ("text", "my name is Ana and I live in Main Street 5"),
        ("phone", "+49301234567"),
        ("payload", {"text": "hello"}),
        ("nested", {"inner": [{"address": "Main Street 5"}, "ana@example.com"]}),
    ],
)
def test_secrets_and_personal_data_are_masked(name: str, value: object) -> None:
    shown = str(mask(None, "info", {name: value})[name])
    assert MASK in shown
    for secret in ("anything", "1234567", "hunter2", "AAHdq", "abcdefghij", "ana@", "Main Street", "hello"):
        assert secret not in shown


def test_what_helps_to_find_a_fault_stays() -> None:
    line = {"event": "turn.failed", "turn": 12, "conversation": "telegram:77", "row": 5, "took": 0.2}
    assert mask(None, "info", dict(line)) == line
