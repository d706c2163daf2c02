"""Reads Shopify's product CSV: one or more rows a product, for its variants and its pictures.

Columns and their meaning: help.shopify.com/en/manual/products/import-export/using-csv. Both generations of headers
are understood ("Variant Price" and "Price"). A column that is not in the file says nothing: what
the product has stays. Beyond Shopify's own, a column "Attribute: X" is a fact of the product, and so is a metafield.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from shop.catalogue.body import facts, plain_text
from shop.catalogue.model import option_key
from shop.catalogue.pictures import keep_picture, read_picture
from shop.catalogue.prices import read_price
from shop.catalogue.sheet import Columns, Row, Sheet

COLUMNS: Final = Columns(
    what="A Shopify product file",
    names={
        "handle": ("Handle", "URL handle"),
        "title": ("Title",),
        "body": ("Body (HTML)", "Description"),
        "vendor": ("Vendor",),
        "category": ("Type",),
        "tags": ("Tags",),
        "published": ("Published", "Published on online store"),
        "status": ("Status",),
        "option1_name": ("Option1 Name",),
        "option1_value": ("Option1 Value",),
        "option2_name": ("Option2 Name",),
        "option2_value": ("Option2 Value",),
        "option3_name": ("Option3 Name",),
        "option3_value": ("Option3 Value",),
        "sku": ("Variant SKU", "SKU"),
        "grams": ("Variant Grams", "Weight value (grams)"),
        "tracker": ("Variant Inventory Tracker", "Inventory tracker"),
        "quantity": ("Variant Inventory Qty", "Inventory quantity"),
        "policy": ("Variant Inventory Policy", "Continue selling when out of stock"),
        "price": ("Variant Price", "Price"),
        "compare_at": ("Variant Compare At Price", "Compare-at price"),
        "barcode": ("Variant Barcode", "Barcode"),
        "picture": ("Image Src", "Product image URL"),
        "picture_alt": ("Image Alt Text", "Image alt text"),
        "variant_picture": ("Variant Image", "Variant image URL"),
    },
    needed=("handle", "title", "price"),
)
OPTIONS: Final = ("option1", "option2", "option3")
DEFAULT_TITLE: Final = "default title"  # Shopify's placeholder where a product has no options
ATTRIBUTE: Final = re.compile(r"attribute:\s*(\S.*)", re.IGNORECASE)
METAFIELD: Final = re.compile(r"(\S.*?)\s*\(product\.metafields\..+\)", re.IGNORECASE)
WHOLE: Final = re.compile(r"([+-]?\d+)(?:[.,]0+)?")
YES: Final = {"true", "yes", "1", "y", "x"}
NO: Final = {"false", "no", "0", "n"}
HANDLE_CHARACTERS_MAX: Final = 255
QUANTITY_MAX: Final = 10_000_000
GRAMS_MAX: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row, and with it its product, was left out."""

    line: int
    product: str  # its handle; empty when the row names none
    reason: str


@dataclass(frozen=True, slots=True)
class PictureSource:
    """A picture at an address (`url`) or already in the media folder (`path`)."""

    url: str | None
    path: str | None
    alt: str = ""

    @property
    def key(self) -> tuple[str | None, str | None]:
        return self.url, self.path


@dataclass(frozen=True, slots=True)
class ParsedVariant:
    """A variant as the file says; `values` are the columns of the model that the file speaks of."""

    options: dict[str, str]
    values: dict[str, Any]
    picture: PictureSource | None

    @property
    def key(self) -> str:
        return option_key(self.options)


@dataclass(frozen=True, slots=True)
class ParsedProduct:
    """A product as the file says, without a flaw in any of its rows."""

    line: int
    handle: str
    values: dict[str, Any]
    variants: tuple[ParsedVariant, ...]
    pictures: tuple[PictureSource, ...] | None  # None: the file has no picture column

    @property
    def fingerprint(self) -> str:
        """Of all that was understood: the same rows, read by the same rules, give the same."""
        parts = [
            self.handle,
            self.values,
            [(v.options, v.values, v.picture and v.picture.key) for v in self.variants],
            self.pictures and [(p.key, p.alt) for p in self.pictures],
        ]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


Read = ParsedProduct | list[Problem]


@dataclass(slots=True)
class _Context:
    """What every row is read against."""

    sheet: Sheet
    currency: str
    media: Path | None
    problems: list[Problem] = field(default_factory=list["Problem"])

    def value(self, row: Row, read: Any) -> Any:
        """What `read` makes of the row; a reason it raises becomes the row's problem."""
        try:
            return read()
        except ValueError as error:
            self.problems.append(Problem(row.line, row["handle"], str(error)))
            return None


def read_products(sheet: Sheet, *, currency: str, media: Path | None) -> Iterator[Read]:
    """Each product of the file, or what is wrong with it; pictures beside the file are copied to `media`.

    Rows of one product stand together. A product with a bad row is left out whole.
    """
    seen: dict[str, int] = {}
    for handle, group in groupby(sheet.rows(), key=lambda row: row["handle"]):
        rows = list(group)
        context = _Context(sheet, currency, media)
        problems = _row_problems(handle, rows, seen)
        if problems:
            yield problems
            continue
        seen[handle] = rows[0].line
        parsed = _product(context, handle, rows)
        yield context.problems or parsed


def _row_problems(handle: str, rows: Sequence[Row], seen: dict[str, int]) -> list[Problem]:
    """Faults of the rows as such, before anything in them is read."""
    problems = [Problem(row.line, handle, row.problem) for row in rows if row.problem]
    if not handle:
        return problems or [Problem(row.line, "", "the row has no Handle") for row in rows]
    if len(handle) > HANDLE_CHARACTERS_MAX:
        problems.append(Problem(rows[0].line, handle[:40] + "…", "the Handle is too long"))
    if handle in seen:
        reason = (
            f"the handle {handle!r} was used on line {seen[handle]}; the rows of one product stand together"
        )
        return [Problem(row.line, handle, reason) for row in rows]
    title = rows[0]["title"]
    if not title and not rows[0].problem:
        problems.append(Problem(rows[0].line, handle, "the first row of a product needs a Title"))
    for row in rows[1:]:
        if title and row["title"] not in ("", title):
            reason = (
                f"the handle {handle!r} stands for {title!r} (line {rows[0].line}) and for {row['title']!r}"
            )
            problems.append(Problem(row.line, handle, reason))
    return problems


def _product(context: _Context, handle: str, rows: Sequence[Row]) -> ParsedProduct:
    first = rows[0]
    names = _option_names(rows)
    variant_rows = [
        row for row in rows if row["price"] or row["sku"] or any(row[f"{o}_value"] for o in OPTIONS)
    ]
    if not variant_rows:
        context.problems.append(Problem(first.line, handle, "no row of this product has a Variant Price"))
    variants = tuple(_variant(context, row, names, alone=len(variant_rows) == 1) for row in variant_rows)
    _check_options(context, variant_rows, variants)
    return ParsedProduct(
        line=first.line,
        handle=handle,
        values=_product_values(context, first),
        variants=variants,
        pictures=_pictures(context, rows) if context.sheet.has("picture") else None,
    )


def _product_values(context: _Context, row: Row) -> dict[str, Any]:
    values: dict[str, Any] = {"title": row["title"]}
    has = context.sheet.has
    values |= {key: row[key] for key in ("vendor", "category") if has(key)}
    if has("tags"):
        values["tags"] = list(dict.fromkeys(tag for part in row["tags"].split(",") if (tag := part.strip())))
    attributes: dict[str, str] = {}
    if has("body"):
        values["description"] = plain_text(row["body"])
        attributes = facts(values["description"])
    attributes |= _attribute_columns(row)
    if has("body") or attributes:
        values["attributes"] = attributes
    if has("published") or has("status"):
        values["published"] = context.value(row, lambda: _published(row))
    return values


def _attribute_columns(row: Row) -> dict[str, str]:
    found: dict[str, str] = {}
    for header, text in row.others.items():
        match = ATTRIBUTE.fullmatch(header) or METAFIELD.fullmatch(header)
        if match and text:
            found[match[1].strip()] = " ".join(text.split())
    return found


def _published(row: Row) -> bool:
    published = _yes(row["published"], "Published", default=True)
    status = row["status"].casefold()
    if status not in ("", "active", "draft", "archived", "unlisted"):
        raise ValueError(f"Status {row['status']!r} is none of active, draft, archived, unlisted")
    return published and status in ("", "active")


def _yes(text: str, column: str, *, default: bool) -> bool:
    word = text.casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    if word:
        raise ValueError(f"{column} {text!r} is neither true nor false")
    return default


def _option_names(rows: Sequence[Row]) -> list[str]:
    """Named in the product's first row; a value under no name gets a plain one."""
    names: list[str] = []
    for number, option in enumerate(OPTIONS, start=1):
        name = next((row[f"{option}_name"] for row in rows if row[f"{option}_name"]), f"Option {number}")
        names.append(name if name not in names else f"{name} {number}")
    return names


def _variant(context: _Context, row: Row, names: list[str], *, alone: bool) -> ParsedVariant:
    values = {name: row[f"{option}_value"] for name, option in zip(names, OPTIONS, strict=True)}
    options = {name: value for name, value in values.items() if value}
    if alone and [name.casefold() for name in options] == ["title"]:
        options = {}  # a single form of the product: its "option" only repeats a title
    if list(map(str.casefold, options.values())) == [DEFAULT_TITLE]:
        options = {}
    picture = row["variant_picture"]
    return ParsedVariant(
        options=options,
        values=_variant_values(context, row),
        picture=context.value(row, lambda: _picture(context, picture, "")) if picture else None,
    )


def _variant_values(context: _Context, row: Row) -> dict[str, Any]:
    has = context.sheet.has
    price = context.value(row, lambda: _price(row["price"], "Variant Price", context.currency))
    values: dict[str, Any] = {"price_minor": price, "currency": context.currency}
    if has("compare_at"):
        values["compare_at_minor"] = context.value(
            row, lambda: _compare_at(row["compare_at"], context.currency)
        )
    if has("sku"):
        values["sku"] = row["sku"] or None
    if has("barcode"):
        values["barcode"] = (
            row["barcode"].lstrip("'") or None
        )  # the apostrophe keeps spreadsheets from rounding
    if has("grams"):
        values["weight_grams"] = context.value(row, lambda: _grams(row["grams"]))
    if has("tracker") or has("quantity"):
        values["tracked"] = bool(row["tracker"]) if has("tracker") else bool(row["quantity"])
    if has("quantity"):
        values["on_hand_imported"] = context.value(row, lambda: _quantity(row["quantity"]))
    if has("policy"):
        values["oversell"] = context.value(row, lambda: _oversell(row["policy"]))
    return values


def _price(text: str, column: str, currency: str) -> int:
    if not text:
        raise ValueError(f"{column} is empty")
    try:
        return read_price(text, currency).minor
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from None


def _compare_at(text: str, currency: str) -> int | None:
    return (_price(text, "Variant Compare At Price", currency) or None) if text else None


def _whole(text: str, column: str, largest: int) -> int:
    match = WHOLE.fullmatch(text or "0")
    if match is None:
        raise ValueError(f"{column} {text[:40]!r} is no whole number")
    if len(match[1]) > 18 or abs(int(match[1])) > largest:
        raise ValueError(f"{column} {text[:40]!r} is beyond {largest:,}")
    return int(match[1])


def _quantity(text: str) -> int:
    """Below zero means that the other system oversold: there is none on hand."""
    return max(0, _whole(text, "Variant Inventory Qty", QUANTITY_MAX))


def _grams(text: str) -> int:
    number = re.fullmatch(r"(\d+)[.,]\d+", text)
    grams = _whole(number[1] if number else text, "Variant Grams", GRAMS_MAX)
    if grams < 0:
        raise ValueError(f"Variant Grams {text!r} is negative")
    return grams


def _oversell(text: str) -> bool:
    """The policy "continue" or "deny"; newer files say TRUE or FALSE."""
    word = text.casefold()
    if word in ("continue", "deny"):
        return word == "continue"
    return _yes(text, "Variant Inventory Policy", default=False)


def _check_options(context: _Context, rows: Sequence[Row], variants: Sequence[ParsedVariant]) -> None:
    lines: dict[str, int] = {}
    for row, variant in zip(rows, variants, strict=True):
        if variant.key in lines:
            what = ", ".join(variant.options.values()) or "the product's only variant"
            reason = (
                f"{what} is on line {lines[variant.key]} already; the options of a product's variants differ"
            )
            context.problems.append(Problem(row.line, row["handle"], reason))
        lines.setdefault(variant.key, row.line)


def _pictures(context: _Context, rows: Sequence[Row]) -> tuple[PictureSource, ...]:
    """In the order of the rows, the variants' own included, each once."""
    found: dict[tuple[str | None, str | None], PictureSource] = {}
    for column in ("picture", "variant_picture"):
        for row in rows:
            if not row[column]:
                continue
            alt = row["picture_alt"] if column == "picture" else ""
            source = context.value(
                row, lambda row=row, column=column, alt=alt: _picture(context, row[column], alt)
            )
            if source:
                found.setdefault(source.key, source)
    context.problems[:] = list(dict.fromkeys(context.problems))  # a variant's bad picture was met before
    return tuple(found.values())


def _picture(context: _Context, source: str, alt: str) -> PictureSource:
    if source.startswith("//"):
        source = f"https:{source}"
    scheme = urlsplit(source).scheme
    if scheme in ("http", "https"):
        return PictureSource(url=source, path=None, alt=alt)
    if scheme:
        raise ValueError(f"Image Src {source[:80]!r} is neither a web address nor a file beside this one")
    if context.media is None:
        raise ValueError(f"Image Src {source[:80]!r} is a file, and no media folder was given to keep it in")
    try:
        content = read_picture(source, context.sheet.path.parent)
    except ValueError as error:
        raise ValueError(f"Image Src: {error}") from None
    return PictureSource(url=None, path=keep_picture(content, context.media), alt=alt)
