"""A made-up catalogue of any size, for measuring search: the same seed makes the same products.

It is made to be hard where real ones are: a few thousand names that nobody has in a dictionary, many of them a letter or two
apart; families of products that share all but a word; descriptions that name other goods.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from random import Random
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert

from shop.catalogue.model import Product, Variant, option_key
from storage.engine import Database
from storage.ids import new_id

SEED: Final = 20261122
CHUNK: Final = 1000
PRODUCTS_A_MAKER: Final = 50
FAMILY_MAX: Final = 8  # products that share a maker and a model's name
ALIKE_SHARE: Final = 0.16  # of families that are one thing in several colours, sizes or editions, each sold as a product of its own
ALIKE_MAX: Final = 40
PRODUCTS_A_MODEL: Final = 5
SIMILAR_SHARE: Final = 0.3  # of names that are another one with a letter changed
UNSIGNED_SHARE: Final = 0.65  # of titles that leave the maker out, as many shops do
UNNAMED_SHARE: Final = 0.65  # of titles without a model's name


def _words(listed: str) -> list[str]:
    return listed.split()


# department → what it sells
GOODS: Final[Mapping[str, str]] = {
    "Outdoor": "jacket parka anorak poncho tent tarp hammock backpack daypack rucksack gaiters crampons stove lantern headlamp compass bivouac "
    "canteen flask cooler sleeping-bag trekking-poles groundsheet drybag",
    "Clothing": "shirt blouse t-shirt hoodie sweater cardigan jumper trousers jeans chinos leggings shorts skirt dress coat blazer vest socks "
    "gloves mittens scarf beanie cap hat belt pyjamas robe swimsuit overalls",
    "Shoes": "sneakers boots sandals loafers slippers clogs moccasins brogues espadrilles wellingtons trainers cleats",
    "Kitchen": "mug cup saucer teapot kettle bowl plate platter jug carafe tumbler ladle spatula whisk colander saucepan skillet wok casserole "
    "grater peeler knife chopping-board apron trivet corkscrew mortar sieve thermos lunchbox",
    "Home": "cushion blanket throw duvet pillow quilt curtain rug doormat vase candle lamp lampshade mirror frame clock basket shelf stool bench "
    "armchair sideboard bookcase coat-rack hanger",
    "Cycling": "bicycle frame handlebar saddle pedals chain cassette crankset derailleur brake rotor tyre tube rim hub spokes fork headset stem "
    "seatpost bell pannier helmet lock pump mudguard",
    "Office": "notebook planner diary pencil pen marker eraser ruler stapler binder folder envelope desk-mat bookend calendar inkwell sharpener",
    "Electronics": "headphones earbuds speaker charger cable adapter keyboard mouse monitor webcam tripod microphone router powerbank turntable "
    "projector amplifier",
    "Garden": "trowel spade rake hoe shears secateurs watering-can planter trellis wheelbarrow hose sprinkler birdhouse composter parasol",
    "Toys": "puzzle kite doll teddy blocks marbles yo-yo spinning-top scooter skateboard drum xylophone kaleidoscope abacus",
    "Beauty": "soap shampoo conditioner balm lotion serum toner perfume comb hairbrush razor sponge loofah lipstick mascara",
    "Jewellery": "ring necklace bracelet earrings brooch pendant anklet cufflinks locket bangle charm watch",
    "Pets": "leash collar harness kennel scratching-post aquarium birdcage litter-box feeder chew-toy",
    "Sports": "racket shuttlecock football basketball dumbbell kettlebell yoga-mat skipping-rope goggles snorkel fins snowboard bindings skis "
    "wetsuit paddle surfboard",
}
QUALITIES: Final = _words(
    "waterproof insulated lightweight foldable reversible adjustable breathable quilted padded ribbed cropped "
    "oversized slim relaxed vintage classic modern rustic handmade seamless stackable magnetic cordless "
    "rechargeable portable compact heavy-duty ultralight windproof thermal fleece-lined hooded striped "
    "checked embroidered engraved polished brushed matte glossy hammered woven knitted braided tapered flared "
    "stretch organic recycled scented unscented non-stick double-walled collapsible detachable extendable "
    "modular wireless silent antique minimalist tailored pleated fringed scalloped beaded glazed speckled "
    "marbled frosted tinted weathered washed distressed everyday travel junior"
)
MATERIALS: Final = _words(
    "cotton wool merino cashmere linen silk hemp denim corduroy velvet suede leather canvas nylon polyester "
    "fleece bamboo oak walnut beech ash maple teak birch rattan jute cork stoneware porcelain ceramic glass "
    "crystal marble granite steel aluminium titanium brass copper bronze pewter iron carbon silicone rubber "
    "enamel acrylic resin silver gold platinum pearl amber jade"
)
COLORS: Final = _words(
    "Black White Grey Red Blue Green Yellow Orange Purple Pink Brown Beige Cream Navy Teal Turquoise Charcoal "
    "Khaki Olive Burgundy Ivory Indigo Coral Mint Rose Mustard Lavender Forest Sand Slate Rust Plum"
)
USES: Final = _words(
    "camping hiking running commuting travelling swimming climbing fishing sailing gardening cooking baking "
    "reading sleeping painting dancing walking skiing yoga school office beach winter summer"
)
EDITIONS: Final = ("Pro", "Lite", "Plus", "Mini", "II", "III", "Sport", "Classic", "Original", "Deluxe")
PACKS: Final = (
    "Set of 2",
    "Set of 4",
    "Pack of 3",
    "Pack of 6",
    "Large",
    "Small",
    "XL",
    "Kids",
    "Women's",
    "Men's",
)
SIZES: Final = ("XS", "S", "M", "L", "XL")
ONSETS: Final = _words("b b br c ch d d dr f g gr h j k k l l m m n n p pr r r s s sh st t t tr v v w z")
VOWELS: Final = ["a", "a", "e", "e", "i", "i", "o", "o", "u", "ai", "ea", "y"]
CODAS: Final = ["", "", "", *["l", "n", "n", "r", "r", "s", "s", "x", "m", "nd", "rn", "st", "ck", "th"]]
VOWELS_ALONE: Final = "aeiouy"
CONSONANTS: Final = "bcdfghjklmnprstvwxz"
SENTENCES: Final = (
    "Made of {material} that lasts for years of {use}.",
    "The {quality} {noun} for {use}, whatever the weather.",
    "Goes well with our {other} and every {other2}.",
    "A {color} finish keeps it looking new after {use}.",
    "Designed by {maker} for people who love {use} and {use2}.",
    "Wipe it with a damp cloth; keep {material} away from heat.",
    "The {quality} build of a {other}, the weight of a {noun}.",
    "Every {noun} is checked by hand before it leaves the workshop.",
    "Ships in a {material2} pouch with a card to write on.",
    "Its {quality2} edge makes {use2} easier.",
)


@dataclass(frozen=True, slots=True)
class MadeProduct:
    """A product as the generator thinks of it; money in minor units."""

    number: int
    title: str
    maker: str
    category: str
    tags: tuple[str, ...]
    description: str
    material: str
    colors: tuple[str, ...]
    sizes: tuple[str, ...]  # empty: one size
    price_minor: int


def made_products(count: int, *, seed: int = SEED) -> Iterator[MadeProduct]:
    """So many products, family by family. Fewer of them are not the first of more: makers grow with the catalogue."""
    chance = Random(seed)  # noqa: S311 - the same every time is what is wanted
    makers = _names(chance, max(4, count // PRODUCTS_A_MAKER))
    models = _names(chance, max(40, count // PRODUCTS_A_MODEL))
    of_makers, of_models = _falling(len(makers)), _falling(len(models))
    departments = [(name, goods.split()) for name, goods in GOODS.items()]
    made = 0
    while made < count:
        maker = chance.choices(makers, cum_weights=of_makers)[0]
        model = chance.choices(models, cum_weights=of_models)[0]
        department, goods = chance.choice(departments)
        alike = chance.random() < ALIKE_SHARE
        family = _family(chance, maker, model, department, goods, alike=alike)
        titles: set[str] = set()
        for _ in range(min(chance.randint(1, ALIKE_MAX if alike else FAMILY_MAX), count - made)):
            while (product := family.product(made)).title in titles:
                pass  # no maker gives two things the same name
            titles.add(product.title)
            yield product
            made += 1


def _falling(count: int) -> list[float]:
    """Weights, summed up: a few have much and many have little, as everywhere."""
    return list(accumulate(1 / (rank + 3) for rank in range(count)))


def _family(chance: Random, *shared: Any, alike: bool) -> "_Family":
    family = _Family(chance, *shared)
    return replace(family, thing=family.new_thing()) if alike else family


def _names(chance: Random, count: int) -> list[str]:
    """Different names that can be said aloud, of four to nine letters."""
    names: list[str] = []
    known: set[str] = set()
    while len(names) < count:
        similar = len(names) > 10 and chance.random() < SIMILAR_SHARE
        name = _similar(chance, chance.choice(names)) if similar else _new(chance)
        if 4 <= len(name) <= 9 and name not in known:
            names.append(name)
            known.add(name)
    return names


def _new(chance: Random) -> str:
    parts = chance.choice((2, 2, 3))
    name = "".join(chance.choice(ONSETS) + chance.choice(VOWELS) for _ in range(parts))
    return (name + chance.choice(CODAS)).capitalize()


def _similar(chance: Random, name: str) -> str:
    """A name with one letter changed."""
    at = chance.randrange(1, len(name))
    letters = VOWELS_ALONE if name[at] in VOWELS_ALONE else CONSONANTS
    return name[:at] + chance.choice(letters) + name[at + 1 :]


@dataclass(frozen=True, slots=True)
class _Thing:
    """What a product is, and the words that its title begins with."""

    noun: str
    material: str
    quality: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Family:
    """What some products share."""

    chance: Random
    maker: str
    model: str
    department: str
    goods: Sequence[str]
    thing: _Thing | None = None  # where they are all the same

    def product(self, number: int) -> MadeProduct:
        chance, color = self.chance, self.chance.choice(COLORS)
        thing = self.thing or self.new_thing()
        noun, material, quality = thing.noun, thing.material, thing.quality
        title = self._title(thing, color)
        sized = self.department in {"Clothing", "Shoes", "Outdoor"}
        return MadeProduct(
            number=number,
            title=title,
            maker=self.maker,
            category=f"{self.department} / {_said(noun)}",
            tags=tuple(dict.fromkeys((chance.choice(USES), quality, material))),
            description=" ".join(self._sentences(noun, material, quality)),
            material=material,
            colors=tuple(dict.fromkeys((color, *chance.sample(COLORS, chance.randint(0, 1))))),
            sizes=tuple(chance.sample(SIZES, chance.randint(1, 2))) if sized else (),
            price_minor=chance.randint(3, 400) * 100 - chance.choice((0, 1, 5, 50)),
        )

    def new_thing(self) -> _Thing:
        """Something that such a maker makes."""
        chance = self.chance
        noun, material, quality = (
            chance.choice(self.goods),
            chance.choice(MATERIALS),
            chance.choice(QUALITIES),
        )
        words = [self.maker] if chance.random() > UNSIGNED_SHARE else []
        words += [self.model] if chance.random() > UNNAMED_SHARE else []
        words += chance.choice(([quality], [material], [quality, material], []))
        return _Thing(noun, material, quality, (*words, noun))

    def _title(self, thing: _Thing, color: str) -> str:
        chance = self.chance
        edition, pack, use = chance.choice(EDITIONS), chance.choice(PACKS), chance.choice(USES)
        ending = chance.choice(([edition], [pack], ["–", color], [f"for {use}"], []))
        return " ".join(_said(word) for word in (*thing.words, *ending))

    def _sentences(self, noun: str, material: str, quality: str) -> Iterator[str]:
        chance = self.chance
        for pattern in chance.sample(SENTENCES, chance.randint(3, 6)):
            yield pattern.format(
                noun=noun.replace("-", " "),
                other=chance.choice(self.goods).replace("-", " "),
                other2=chance.choice(self.goods).replace("-", " "),
                material=material,
                material2=chance.choice(MATERIALS),
                quality=quality,
                quality2=chance.choice(QUALITIES),
                color=chance.choice(COLORS).lower(),
                use=chance.choice(USES),
                use2=chance.choice(USES),
                maker=self.maker,
            )


def _said(word: str) -> str:
    """A word as titles have it."""
    if word[0].islower() and not word.startswith("for "):
        return " ".join(part.capitalize() for part in word.replace("-", " ").split())
    return word


def write(database: Database, products: Iterable[MadeProduct], *, currency: str, at: datetime) -> None:
    """Put them into an empty catalogue, a thousand to a commit; the database indexes them as it always does."""
    chunk: list[MadeProduct] = []
    for product in products:
        chunk.append(product)
        if len(chunk) == CHUNK:
            _write(database, chunk, currency, at)
            chunk = []
    if chunk:
        _write(database, chunk, currency, at)


def _write(database: Database, chunk: Sequence[MadeProduct], currency: str, at: datetime) -> None:
    keys = [new_id() for _ in chunk]
    rows = [_row(key, product, at) for key, product in zip(keys, chunk, strict=True)]
    variants = [
        row for key, product in zip(keys, chunk, strict=True) for row in _variants(key, product, currency)
    ]
    database.write_now(
        lambda session: (session.execute(insert(Product), rows), session.execute(insert(Variant), variants))
    )


def _row(key: UUID, product: MadeProduct, at: datetime) -> dict[str, Any]:
    return {
        "id": key,
        "handle": f"made-{product.number}",
        "title": product.title,
        "vendor": product.maker,
        "category": product.category,
        "tags": list(product.tags),
        "description": product.description,
        "attributes": {"Material": product.material},
        "updated_at": at,
    }


def _variants(key: UUID, product: MadeProduct, currency: str) -> Iterator[dict[str, Any]]:
    for position, (color, size) in enumerate((c, s) for c in product.colors for s in product.sizes or ("",)):
        options = {"Colour": color} | ({"Size": size} if size else {})
        yield {
            "id": new_id(),
            "product_id": key,
            "position": position,
            "options": options,
            "option_key": option_key(options),
            "price_minor": product.price_minor,
            "currency": currency,
            "on_hand": (product.number + position) % 10,
        }
