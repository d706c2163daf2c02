"""How often the judgements in `knowledge_base/judgements.yml` let the right passage through, and nothing else.

The judgements were fitted on the demo shop's documents. These are another shop's, with questions that had no part
in choosing them, so the floors say what a merchant may expect.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.stage import Template
from knowledge_base.answers import Policy, answer
from knowledge_base.importing import import_knowledge
from knowledge_base.means import Means
from knowledge_base.passages import refresh_passage_vectors
from nlu.embedding import MiniLmEmbedder
from storage.engine import Database
from storage.migrate import upgrade

DOCUMENTS = {
    "delivery.md": """# Shipping
## Costs
Shipping costs 5.50 euros for every order, whatever its weight. From 80 euros on it is free.
## Times
Parcels leave our workshop every afternoon and arrive within three working days. To islands they take a week.
## Countries
We ship to France, Spain, Portugal and Italy. We do not ship outside the European Union.
## Lost parcels
When tracking has not moved for five days, write to us: we ask the carrier and send the goods again.
## Express courier
A courier brings it the next morning for 14 euros if you order before noon.
""",
    "returns.md": """# Sending things back
## Deadline
You have 30 days from the day the parcel arrived. The goods must be unused and in their box.
## Cost of the return
Sending back is free of charge with the label that lies in the parcel.
## Refunds
The money is on your account within ten days after we received the goods, by the way you paid.
## Damaged goods
If something arrives broken, send a photo within one week and we replace it at our expense.
## Exceptions
Earrings, food and goods made to order cannot be sent back.
""",
    "care.md": """# Looking after it
## Knives
Wash knives by hand and dry them at once. Sharpen the blade on a wet stone twice a year. Never put them into the dishwasher.
## Bamboo boards
Bamboo does not like water: wipe it with a damp cloth and rub in oil every second month.
## Enamel pots
Enamel pots are fine in the dishwasher and on every stove, induction included. Do not use metal spoons in them.
## Silk scarves
Silk is washed by hand in cold water with a mild soap. Iron it inside out while it is still damp.
""",
    "payment.md": """# Paying
## Methods
We accept Visa, Mastercard, PayPal and bank transfer. Cash is accepted in the store only.
## Invoices
The invoice comes by e-mail with the shipping notice. For a company name on it, tell us before you order.
## Instalments
From 200 euros on you can pay in three monthly instalments without interest.
""",
    "store.md": """# The store
## Opening hours
We are open Monday to Saturday from 9:30 to 19:00. On Sundays and public holidays we are closed.
## Address
The store is at 12 Rue des Tanneurs, 59000 Lille, five minutes from the station.
## Workshops
On the first Saturday of each month we teach knife sharpening; places cost 25 euros and are booked by e-mail.
## Gift cards
Gift cards are sold from 20 euros, are sent by e-mail and are valid for two years.
""",
}
ANSWERED = {
    "Costs": ["how much does shipping cost", "is delivery free", "what do you charge for postage"],
    "Times": ["how long does it take to arrive", "when will I get my parcel", "do you deliver fast"],
    "Countries": [
        "do you ship to spain",
        "can you send to the united states",
        "which countries do you deliver to",
    ],
    "Lost parcels": ["my package is lost", "tracking has not changed for a week"],
    "Express courier": ["do you have express delivery", "I need it tomorrow morning"],
    "Deadline": ["how long do I have to return it", "until when can I send something back"],
    "Cost of the return": ["who pays for the return", "is sending back free"],
    "Refunds": ["when do I get my money back", "how long does a refund take"],
    "Damaged goods": ["it arrived broken", "my plate came damaged"],
    "Exceptions": ["can I return earrings", "can food be sent back"],
    "Knives": ["how do I sharpen a knife", "can knives go in the dishwasher"],
    "Bamboo boards": ["how do I clean a bamboo board", "how often should I oil bamboo"],
    "Enamel pots": ["does the enamel pot work on induction", "can I use a metal spoon in the pot"],
    "Silk scarves": ["how to wash silk", "can I iron a silk scarf"],
    "Methods": ["which cards do you accept", "can I pay with paypal", "do you take cash"],
    "Invoices": ["can I have an invoice for my company", "where is my invoice"],
    "Instalments": ["can I pay in instalments", "can I pay later in parts"],
    "Opening hours": ["when are you open", "are you open on sunday", "what are your opening hours"],
    "Address": ["where is the store", "what is your address"],
    "Workshops": ["do you give sharpening classes"],
    "Gift cards": ["do you sell gift cards", "how long is a gift card valid"],
}
UNANSWERED = [
    "who is the president of france",
    "tell me a joke",
    "do you sell laptops",
    "what is the weather like",
    "can you do my homework",
    "are you hiring",
    "do you repair shoes",
    "what is 7 times 8",
    "how do I bake bread",
    "which football team is best",
    "translate good morning into german",
    "do you offer a student discount",
    "how old are you",
    "can I rent a car",
    "is the earth flat",
    "sing me a song",
    "what do you think about politics",
    "my dog is ill",
    "recommend a film",
    "do you have a loyalty programme",
    "how do I reset my phone",
    "book a table for two",
    "do you have a podcast",
    "what is bitcoin worth",
]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    root: Path = tmp_path_factory.mktemp("calibration")
    folder = root / "knowledge"
    folder.mkdir()
    for name, content in DOCUMENTS.items():
        (folder / name).write_text(content)
    database = Database.open(f"sqlite:///{root}/parley.db")
    upgrade(database)
    assert import_knowledge(database, [folder], at=datetime(2026, 11, 21, tzinfo=UTC)).problems == ()
    yield database
    database.close()


def shares(database: Database, means: Means) -> tuple[float, float, float]:
    """Of the answerable: answered from the right passage, from a wrong one. Of the others: refused."""

    def work(session: Session) -> tuple[float, float, float]:
        given = [
            (heading, answer(session, question, means=means))
            for heading, questions in ANSWERED.items()
            for question in questions
        ]
        others = [answer(session, question, means=means) for question in UNANSWERED]
        right = sum(isinstance(said, Policy) and said.headings[-1] == heading for heading, said in given)
        wrong = sum(isinstance(said, Policy) and said.headings[-1] != heading for heading, said in given)
        return right / len(given), wrong / len(given), others.count(None) / len(others)

    return database.read(work)


def test_with_topics_most_questions_get_their_passage_and_strange_ones_none(
    written: Database, shop_template: Template
) -> None:
    means = shop_template.learnt.means
    assert means.embedder is not None
    refresh_passage_vectors(written, means)
    right, wrong, refused = shares(written, means)
    assert right >= 0.87, (right, wrong, refused)
    assert wrong <= 0.10, (right, wrong, refused)
    assert refused >= 0.95, (right, wrong, refused)


def test_with_embeddings_alone_it_is_some_fewer(written: Database) -> None:
    embedder = MiniLmEmbedder()
    means = Means(embedder)
    refresh_passage_vectors(written, means)
    right, wrong, refused = shares(written, means)
    assert right >= 0.75, (right, wrong, refused)
    assert wrong <= 0.15, (right, wrong, refused)
    assert refused >= 0.90, (right, wrong, refused)


def test_by_words_alone_fewer_are_answered_but_strange_ones_are_still_refused(written: Database) -> None:
    right, wrong, refused = shares(written, Means())
    assert right >= 0.60, (right, wrong, refused)
    assert wrong <= 0.18, (right, wrong, refused)
    assert refused >= 0.90, (right, wrong, refused)
