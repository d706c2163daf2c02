"""What other shops have and this one has not: said plainly, unless a document of the merchant knows better."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.stage import Template
from knowledge_base.importing import import_knowledge
from knowledge_base.passages import refresh_passage_vectors
from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 22, tzinfo=UTC)
NOT_HERE = {
    "have a points programme yet": ("how many points do I have?", "do you have a loyalty program"),
    "no daily check-in": ("daily check-in", "I want to check in for today"),
    "no contest on": ("is there a giveaway?", "how do I enter the photo contest"),
    "no newsletter to sign up for": ("sign me up for the newsletter", "I'd like to get your newsletter"),
    "I send no newsletter": ("unsubscribe me from the newsletter", "please stop the newsletter"),
    "no bonus for it": ("do you have a referral program?", "what do I get for inviting a friend"),
    "no customer reviews here yet": ("show me the reviews", "what's the average rating of the lamp?"),
    "can’t publish reviews yet": ("I want to write a review", "where can I leave feedback?"),
    "no link to share": ("share this product", "give me a link to share"),
    "no account and no password": ("I want to create an account", "do I have to register to order?"),
    "can’t bargain": ("can you give me a better price?", "is the price negotiable"),
}
GROUPS = {
    "Together it costs less": (
        "can I start a group?",
        "open a new group please",
        "I want to join my friend's group",
        "join a group deal",
    ),
    "You have no seat in a group": (
        "is my group full yet?",
        "how many are missing in our group",
        "I want to leave the group",
        "get me out of the group deal",
    ),
}


@pytest.mark.parametrize("truth", NOT_HERE)
async def test_what_this_shop_has_not_is_said_plainly(quick_shop: OpenShop, truth: str) -> None:
    for words in NOT_HERE[truth]:
        answer = await Guest(quick_shop).says(words)
        assert truth in answer, words
        assert "Source:" not in answer, words


@pytest.mark.parametrize("truth", GROUPS)
async def test_who_is_in_no_group_is_shown_what_there_is(quick_shop: OpenShop, truth: str) -> None:
    for words in GROUPS[truth]:
        answer = await Guest(quick_shop).says(words)
        assert truth in answer, words
        assert "Source:" not in answer, words


async def test_what_is_nearest_is_one_tap_away(guest: Guest) -> None:
    await guest.says("how many points do I have?")
    assert "These cost less than they did" in await guest.says("yes")
    await guest.says("I want to leave a review")
    assert "a person will answer" in await guest.taps("Tell the team")


async def test_a_document_of_the_merchant_has_the_first_word(quick_shop: OpenShop) -> None:
    for words in ("do you sell gift cards?", "I want to buy a gift voucher"):
        answer = await Guest(quick_shop).says(words)
        assert "We do not sell or accept gift cards yet" in answer, words
        assert "Source: Payment › Gift cards" in answer, words
    for words in ("notify me when it's back in stock", "put me on the waiting list"):
        assert "again within four weeks" in await Guest(quick_shop).says(words), words


async def test_a_new_document_is_answered_from_at_once(
    quick_shop: OpenShop, shop_template: Template, tmp_path: Path
) -> None:
    assert "have a points programme yet" in await Guest(quick_shop).says("how many points do I get?")
    document = tmp_path / "club.md"
    document.write_text(
        "# Our club\n\n## Bonus points\nYou collect one point for every euro, on paper, at the till.\n"
    )
    import_knowledge(quick_shop.database, [document], at=AT)
    means = shop_template.learnt.means
    assert means.embedder is not None
    refresh_passage_vectors(quick_shop.database, means)
    for words in ("how many points do I get?", "do you have a loyalty program"):
        answer = await Guest(quick_shop).says(words)
        assert "one point for every euro" in answer, words
        assert "Our club › Bonus points" in answer, words


async def test_in_the_middle_of_the_checkout_the_question_stays_open(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    answer = await guest.says("do I need to create an account?")
    assert "no account and no password" in answer
    assert "Who is it for?" in answer


SPANISH = {
    "no tenemos un programa de puntos": ("¿cuántos puntos tengo?", "¿tienen programa de puntos?"),
    "Aquí todavía no hay reseñas": ("muéstrame las reseñas", "¿qué opinan los clientes?"),
    "no hay un boletín al que suscribirse": ("quiero suscribirme al boletín", "apúntame a la newsletter"),
}


@pytest.mark.parametrize("truth", SPANISH)
async def test_in_spanish_it_is_said_as_plainly(quick_shop: OpenShop, truth: str) -> None:
    for words in SPANISH[truth]:
        assert truth in await Guest(quick_shop).says("hola, buenas tardes", words), words


async def test_a_document_in_english_answers_a_topic_asked_in_spanish(quick_shop: OpenShop) -> None:
    for words in ("¿tienen tarjetas regalo?", "quiero comprar una tarjeta regalo"):
        answer = await Guest(quick_shop).says("hola, buenas tardes", words)
        assert "We do not sell or accept gift cards yet" in answer, words
