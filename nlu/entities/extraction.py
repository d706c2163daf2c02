"""All extractors of a language, in the order in which they may claim characters."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from nlu.entities.address import AddressExtractor
from nlu.entities.catalogue import CatalogueExtractor
from nlu.entities.comparative import ComparativeExtractor
from nlu.entities.coupon import CouponExtractor
from nlu.entities.delivery_option import DeliveryOptionExtractor
from nlu.entities.email_address import EmailExtractor
from nlu.entities.moment import MomentExtractor, Now
from nlu.entities.order_reference import OrderReferenceExtractor
from nlu.entities.ordinal import OrdinalExtractor
from nlu.entities.person_name import PersonNameExtractor
from nlu.entities.phone import PhoneExtractor
from nlu.entities.price import PriceExtractor
from nlu.entities.quantity import QuantityExtractor
from nlu.entities.spans import Extractor, Taken, entity
from nlu.entities.vocabulary import CatalogueVocabulary, Vocabulary
from nlu.entities.words import words
from nlu.training_data import TrainingData
from nlu.understanding import Entity

CHARACTERS_MAX: Final = 1000  # what is looked at of a message
ENTITIES_MAX: Final = 100

ENTITIES: Final = frozenset({
    "address", "category", "color", "comparative", "coupon", "date", "delivery_option", "email", "material", "not_color",
    "order_reference", "ordinal", "person_name", "phone", "price", "price_max", "price_min", "product", "quantity",
    "quantity_change", "size", "time",
})  # fmt: skip
"""What is found without being taught; lookups and regexes of the training data add their names."""

_UNREADABLE: Final = re.compile("[\ud800-\udfff\0]")  # lone surrogates cannot be handed to libraries in Rust


class PatternExtractor:
    """Entities by the training data's regular expressions; a group named `value` is the value."""

    def __init__(self, regexes: Mapping[str, Sequence[str]]) -> None:
        self._patterns = [
            (name, re.compile(pattern)) for name, patterns in regexes.items() for pattern in patterns
        ]

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        for name, pattern in self._patterns:
            for match in pattern.finditer(text):
                if match.group() and taken.free(*match.span()):
                    value = match.groupdict().get("value") or match.group()
                    taken.claim(*match.span())
                    yield entity(name, value, text, match.span())


class EntityExtractor:
    """Finds every entity of a message: spans in the original text, values that can be written as JSON.

    `vocabulary` is a snapshot of the catalogue; make a new extractor when the catalogue changes (a few
    milliseconds for hundreds of products). `region` (ISO 3166, "DE") reads phone numbers without a country code.
    `data` brings lookups, synonyms and regexes of the training data; `now` is the shop's time, for "tomorrow".
    """

    def __init__(
        self,
        language: str = "en",
        *,
        vocabulary: CatalogueVocabulary | None = None,
        region: str = "DE",
        data: TrainingData | None = None,
        now: Now = datetime.now,
    ) -> None:
        known, data = words(language), data or TrainingData()
        catalogue = CatalogueExtractor(
            known, vocabulary or Vocabulary(), lookups=data.lookups, synonyms=data.synonyms
        )
        self.language = language
        self._extractors: tuple[Extractor, ...] = (
            PatternExtractor(data.regexes),
            EmailExtractor(),
            OrderReferenceExtractor(known),
            CouponExtractor(known),
            AddressExtractor(known),
            PhoneExtractor(region),
            PriceExtractor(known),
            PersonNameExtractor(known, catalogue.descriptions),
            catalogue,
            MomentExtractor(known, region, now),
            DeliveryOptionExtractor(known),
            OrdinalExtractor(known),
            ComparativeExtractor(known),
            QuantityExtractor(known, catalogue.descriptions),
        )

    def extract(self, text: str) -> tuple[Entity, ...]:
        """The entities of the first 1,000 characters, in the order of the text."""
        taken = Taken()
        part = _UNREADABLE.sub("\ufffd", text[:CHARACTERS_MAX]).replace(
            "’", "'"
        )  # one for one: spans stay right
        found = [item for extractor in self._extractors for item in extractor.extract(part, taken)]
        found.sort(key=lambda item: (item.start, -item.end, item.name))
        return tuple(
            Entity(item.name, item.value, text[item.start : item.end], item.start, item.end)
            for item in found[:ENTITIES_MAX]
        )
