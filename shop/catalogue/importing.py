"""Brings a product file into the catalogue: adds what is new, changes what differs, leaves the rest alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from shop.catalogue.model import Product, ProductPicture, Variant
from shop.catalogue.sheet import Sheet, open_sheet
from shop.catalogue.shopify import COLUMNS, ParsedProduct, ParsedVariant, Problem, read_products
from shop.money import is_currency
from shop.sales import service as sales
from shop.tasks import low_stock
from storage.engine import Database
from storage.ids import new_id

CHUNK_PRODUCTS: Final = 50  # a commit each: customers' turns wait for one chunk at most
CHUNK_VARIANTS: Final = 500


class Landing(StrEnum):
    """What became of one product."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, and every row that it could not take."""

    added: int
    changed: int
    unchanged: int
    problems: tuple[Problem, ...]


def import_products(
    database: Database,
    path: Path,
    *,
    currency: str,
    at: datetime,
    media: Path | None = None,
    progress: Callable[[float], None] = lambda _share: None,
) -> ImportReport:
    """Import a Shopify product CSV, committing a chunk of products at a time; each product lands whole or not at all.

    Repeating it with the same file changes nothing. Variants keep their ids; those gone from a product
    are unpublished; products that the file does not name are left alone. Stock moves only where the file's number has
    changed since the last import, so an old file does not bring sold units back. `progress` hears what
    share of the file is done, from 0 to 1. Raises UnreadableFile when the file as a whole makes no sense.
    """
    if not is_currency(currency):
        raise ValueError(f"{currency!r} is no ISO 4217 code such as EUR")
    landings: list[Landing] = []
    problems: list[Problem] = []
    sheet = open_sheet(path, COLUMNS)
    for chunk in _chunks(sheet, currency, media, problems):
        landed, refused = database.write_now(lambda session, chunk=chunk: land_all(session, chunk, at=at))
        landings += landed
        problems += refused
        progress(min(1.0, chunk[-1].line / sheet.lines_total))
    progress(1.0)
    return ImportReport(
        added=landings.count(Landing.ADDED),
        changed=landings.count(Landing.CHANGED),
        unchanged=landings.count(Landing.UNCHANGED),
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
    )


def _chunks(
    sheet: Sheet, currency: str, media: Path | None, problems: list[Problem]
) -> Iterator[list[ParsedProduct]]:
    """Products in handfuls; what cannot be read goes to `problems`."""
    chunk: list[ParsedProduct] = []
    for read in read_products(sheet, currency=currency, media=media):
        if isinstance(read, list):
            problems += read
            continue
        chunk.append(read)
        if len(chunk) == CHUNK_PRODUCTS or sum(len(p.variants) for p in chunk) >= CHUNK_VARIANTS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def land_all(
    session: Session, products: Sequence[ParsedProduct], *, at: datetime
) -> tuple[list[Landing], list[Problem]]:
    """Land each in a savepoint of its own, so that one the database refuses takes no other with it."""
    known = _known(session, products)
    landings: list[Landing] = []
    problems: list[Problem] = []
    for parsed in products:
        try:
            with session.begin_nested():
                landings.append(_land(session, parsed, known.get(parsed.handle), at=at))
        except IntegrityError as error:
            problems.append(Problem(parsed.line, parsed.handle, f"the database refused it: {error.orig}"))
    sales.keep_running(session, [product.id for product in known.values()])
    return landings, problems


def land(session: Session, parsed: ParsedProduct, *, at: datetime) -> Landing:
    """Add or change one product with its variants and pictures; the same again does nothing."""
    return _land(session, parsed, _known(session, [parsed]).get(parsed.handle), at=at)


def _known(session: Session, products: Sequence[ParsedProduct]) -> dict[str, Product]:
    """Those that are there, with all they hold; the ones about to change are locked until the commit."""
    fingerprints = {parsed.handle: parsed.fingerprint for parsed in products}
    found = session.scalars(select(Product).where(Product.handle.in_(fingerprints))).all()
    changing = [product.id for product in found if product.source_hash != fingerprints[product.handle]]
    session.execute(
        select(Variant.id).where(Variant.product_id.in_(changing)).order_by(Variant.id).with_for_update()
    )
    session.scalars(
        select(Product)
        .where(Product.id.in_(changing))
        .options(selectinload(Product.variants), selectinload(Product.pictures))
        .execution_options(populate_existing=True)
    ).all()
    return {product.handle: product for product in found}


def _land(session: Session, parsed: ParsedProduct, product: Product | None, *, at: datetime) -> Landing:
    fingerprint = parsed.fingerprint
    if product is not None and product.source_hash == fingerprint:
        return Landing.UNCHANGED
    landing = Landing.CHANGED
    if product is None:
        landing = Landing.ADDED
        product = Product(id=new_id(), handle=parsed.handle, variants=[], pictures=[])
        session.add(product)
    for name, value in parsed.values.items():
        setattr(product, name, value)
    product.updated_at = at
    product.source_hash = fingerprint
    with session.no_autoflush:
        pictures = _land_pictures(product, parsed)
        _land_variants(product, parsed, pictures)
    session.flush()
    if landing is Landing.CHANGED:
        low_stock.restocked(session, product.variants, at=at)
    return landing


def _land_pictures(product: Product, parsed: ParsedProduct) -> dict[tuple[str | None, str | None], UUID]:
    """Make the product's pictures those of the file; the ones that stay keep their ids."""
    known = {(picture.url, picture.path): picture for picture in product.pictures}
    if parsed.pictures is None:
        return {key: picture.id for key, picture in known.items()}
    kept: list[ProductPicture] = []
    for position, source in enumerate(parsed.pictures):
        picture = known.get(source.key) or ProductPicture(id=new_id(), url=source.url, path=source.path)
        picture.position = position
        picture.alt = source.alt
        kept.append(picture)
    gone = {picture.id for picture in product.pictures} - {picture.id for picture in kept}
    for variant in product.variants:
        if variant.picture_id in gone:
            variant.picture_id = None
    product.pictures = kept
    return {(picture.url, picture.path): picture.id for picture in kept}


def _land_variants(
    product: Product, parsed: ParsedProduct, pictures: dict[tuple[str | None, str | None], UUID]
) -> None:
    matches = _match(product.variants, parsed.variants)
    for variant in product.variants:
        if variant not in matches:
            variant.published = False
    for position, (said, variant) in enumerate(zip(parsed.variants, matches, strict=True)):
        if variant is None:
            variant = Variant(id=new_id(), allocated=0)  # noqa: PLW2901 - a new one takes the empty place
            product.variants.append(variant)
        _set_stock(variant, said)
        for name, value in said.values.items():
            setattr(variant, name, value)
        variant.options = said.options
        variant.option_key = said.key
        variant.position = position
        variant.published = True
        if said.picture:
            variant.picture_id = pictures.get(said.picture.key)
        elif parsed.pictures is not None:
            variant.picture_id = None


def _match(known: Sequence[Variant], said: Sequence[ParsedVariant]) -> list[Variant | None]:
    """Which known variant each one is: the one with its options, else with its SKU, else the only one there was."""
    by_options = {variant.option_key: variant for variant in known}
    matches = [by_options.get(variant.key) for variant in said]
    left = [variant for variant in known if variant not in matches]
    by_sku = {variant.sku: variant for variant in left if variant.sku}
    for index, variant in enumerate(said):
        sku = variant.values.get("sku")
        if matches[index] is None and sku in by_sku:
            matches[index] = by_sku.pop(sku)
    if len(known) == len(said) == 1 and matches[0] is None:
        matches[0] = known[0]
    return matches


def _set_stock(variant: Variant, said: ParsedVariant) -> None:
    """Take over the file's count where it is news; never below what is promised to orders."""
    counted = said.values.get("on_hand_imported")
    if counted is not None and counted != variant.on_hand_imported:
        variant.on_hand = max(counted, variant.allocated)
