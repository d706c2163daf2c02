"""What buttons carry is checked before it is believed."""

import re
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.tokens import ForgedToken, Tokens, pack_id, payload, unpack_id

TOKENS = Tokens(b"k" * 32)


def test_a_token_comes_back_as_it_was_signed() -> None:
    variant = uuid4()
    token = TOKENS.sign(payload("add_to_cart", variant=variant), conversation="telegram:1", frame=12)
    content = TOKENS.read(token, conversation="telegram:1")
    assert (content.flow, content.frame) == ("add_to_cart", 12)
    assert unpack_id(content.slots["variant"]) == variant
    assert len(token.encode()) <= 64


def test_a_token_means_nothing_in_another_conversation() -> None:
    token = TOKENS.sign("checkout", conversation="telegram:1")
    with pytest.raises(ForgedToken):
        TOKENS.read(token, conversation="telegram:2")


@given(st.text(max_size=80))
def test_whatever_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(ForgedToken):
        TOKENS.read(text, conversation="telegram:1")


@given(st.integers(0, 40), st.sampled_from("abcXYZ019-_?=."))
def test_a_token_with_any_letter_changed_is_refused(at: int, letter: str) -> None:
    token = TOKENS.sign("add_to_cart?variant=AAAAAAAAAAAAAAAAAAAAAA", conversation="c")
    forged = token[:at] + letter + token[at + 1 :]
    if forged != token:
        with pytest.raises(ForgedToken):
            TOKENS.read(forged, conversation="c")


@given(st.integers(0, 10**18))
def test_a_link_carries_its_number_to_its_own_conversation_only(number: int) -> None:
    carried = TOKENS.sign_link(number, conversation="telegram:1")
    assert re.fullmatch("[A-Za-z0-9_-]{1,64}", carried)
    assert TOKENS.read_link(carried, conversation="telegram:1") == number
    with pytest.raises(ForgedToken):
        TOKENS.read_link(carried, conversation="telegram:2")
    with pytest.raises(ForgedToken):
        TOKENS.read_link(f"1{carried}", conversation="telegram:1")


@given(st.text(max_size=80))
def test_no_other_link_carries_anything(text: str) -> None:
    with pytest.raises(ForgedToken):
        TOKENS.read_link(text, conversation="telegram:1")


def test_a_token_is_handed_on_by_who_may_read_it() -> None:
    token = TOKENS.sign("add_to_cart?variant=x", conversation="telegram:-5")
    handed = TOKENS.transfer(token, of="telegram:-5", to="telegram:1")
    assert TOKENS.read(handed, conversation="telegram:1").flow == "add_to_cart"
    with pytest.raises(ForgedToken):
        TOKENS.transfer(token, of="telegram:-6", to="telegram:1")


def test_a_payload_that_no_channel_could_carry_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        TOKENS.sign("x" * 60, conversation="c")


def test_ids_are_packed_to_22_characters() -> None:
    value = uuid4()
    assert len(pack_id(value)) == 22
    assert unpack_id(pack_id(value)) == value
    assert unpack_id(str(value)) == value
    assert unpack_id("nonsense") is None
