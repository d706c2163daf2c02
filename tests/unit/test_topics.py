"""Every topic that the shop says it has not is known by headings, and has its own words."""

from app.settings import ROOT
from app.wiring import FLOWS
from bot.dialogue import flows, replies

NOT_HERE = flows.read([FLOWS / "topics.yml"])["not_here"].text.nlu_trigger
BACK_IN_STOCK = flows.read([FLOWS / "products.yml"])[
    "back_in_stock"
].text.nlu_trigger  # of nothing in particular
TOPICS = (*NOT_HERE, *BACK_IN_STOCK)


def test_each_topic_has_its_headings_and_its_words_in_every_language() -> None:
    said = replies.read(FLOWS / "replies", languages=["en", "es"])
    wanted = {f"{kind}_{topic.intent}" for topic in TOPICS for kind in ("words_topic", "utter_not_here")}
    for language in said.languages:
        assert wanted <= said.keys(language), language


def test_no_words_are_kept_for_a_topic_that_nobody_can_ask_for() -> None:
    said = replies.read(FLOWS / "replies", languages=["en", "es"])
    topics = {topic.intent for topic in TOPICS}
    kept = {
        key.removeprefix("utter_not_here_") for key in said.keys("en") if key.startswith("utter_not_here_")
    }
    assert kept == topics
    assert (ROOT / "flows" / "topics.yml").exists()
