"""The names of conversations, in private and in groups."""

from bot import conversations


def test_in_a_group_everybody_has_a_conversation_of_their_own() -> None:
    anas, bos = (conversations.in_group("telegram", -5, member) for member in (7, 8))
    assert anas != bos
    assert conversations.is_in_group(anas)
    assert conversations.place_of(anas) == conversations.place_of(bos) == "telegram:-5"
    assert conversations.group_of(anas) == conversations.in_group("telegram", -5)
    assert conversations.private_of(anas) == "telegram:7"


def test_a_private_conversation_is_its_own_place() -> None:
    assert not conversations.is_in_group("telegram:7")
    assert conversations.place_of("telegram:7") == conversations.private_of("telegram:7") == "telegram:7"
    assert conversations.place_of("nobody") == "nobody"


def test_the_lane_of_a_group_is_in_it() -> None:
    lane = conversations.in_group("telegram", -5)
    assert conversations.is_in_group(lane)
    assert conversations.group_of(lane) == lane
    assert conversations.place_of(lane) == "telegram:-5"
