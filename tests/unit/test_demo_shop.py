"""The demo shop is a shop somebody would buy from: its data, pictures and documents agree with each other."""

import csv
import re
import struct
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import sandbox.demo_shop
from app.settings import ROOT, read_settings
from shop.catalogue.sheet import open_sheet
from shop.catalogue.shopify import COLUMNS, ParsedProduct, read_products
from shop.profile import ShopProfile

SHOP = Path(str(sandbox.demo_shop.__file__)).parent
DOCUMENTS = sorted((SHOP / "knowledge").glob("*.md"))
PICTURE_BYTES_MAX = 60_000
PICTURES_BYTES_MAX = 3_000_000

Row = dict[str, str]


def read_rows() -> list[Row]:
    with (SHOP / "products.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def parse(text: str) -> Any:
    return YAML(typ="safe").load(text)  # pyright: ignore[reportUnknownMemberType] - ruamel leaves its stream untyped


def read_yaml(name: str) -> Any:
    return parse((SHOP / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return read_rows()


@pytest.fixture(scope="module")
def products(rows: list[Row]) -> dict[str, list[Row]]:
    """The rows of each product, by its handle."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["Handle"], []).append(row)
    return found


@pytest.fixture(scope="module")
def profile() -> ShopProfile:
    return read_settings(ROOT / "config.yml").shop


@pytest.fixture(scope="module")
def deals() -> list[dict[str, Any]]:
    return read_yaml("deals.yml")["deals"]


def document(name: str) -> str:
    """A document on one line, so that a sentence is found however it is wrapped."""
    return " ".join((SHOP / "knowledge" / name).read_text(encoding="utf-8").split())


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height from a JPEG's frame header (ITU-T T.81, B.2.2); raises AssertionError for anything else."""
    assert data[:2] == b"\xff\xd8", "no JPEG"
    assert data[-2:] == b"\xff\xd9", "cut off"
    at = 2
    while data[at + 1] not in {0xC0, 0xC1, 0xC2}:
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    height, width = struct.unpack(">HH", data[at + 5 : at + 9])
    return width, height


def options(row: Row, first: Row) -> Iterator[tuple[str, str]]:
    for place in ("Option1", "Option2", "Option3"):
        if first[f"{place} Name"]:
            yield first[f"{place} Name"], row[f"{place} Value"]


def test_the_shop_has_enough_to_choose_from(products: dict[str, list[Row]]) -> None:
    variants = sum(len(rows) for rows in products.values())
    assert len(products) >= 55
    assert variants >= 140
    assert len({rows[0]["Type"] for rows in products.values()}) >= 8


def test_the_importer_takes_every_product_with_its_pictures_and_facts(
    tmp_path: Path, products: dict[str, list[Row]]
) -> None:
    sheet = open_sheet(SHOP / "products.csv", COLUMNS)
    read = list(read_products(sheet, currency="EUR", media=tmp_path))
    taken = {parsed.handle: parsed for parsed in read if isinstance(parsed, ParsedProduct)}
    assert [problems for problems in read if not isinstance(problems, ParsedProduct)] == []
    assert set(taken) == set(products)
    assert sum(len(parsed.variants) for parsed in taken.values()) == sum(map(len, products.values()))
    assert all(parsed.pictures for parsed in taken.values())
    assert taken["black-mug"].values["attributes"]["Capacity"] == "330 ml"
    assert len(list(tmp_path.rglob("*.jpg"))) == len(list((SHOP / "pictures").iterdir()))


def test_every_product_says_what_it_is(products: dict[str, list[Row]]) -> None:
    for handle, (first, *_) in products.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", handle)
        for column in ("Title", "Vendor", "Type", "Tags", "Body (HTML)", "Attribute: Material"):
            assert first[column].strip(), f"{handle}: {column} is empty"
        assert len(first["Body (HTML)"]) >= 80, f"{handle}: too short to sell"
        assert first["Body (HTML)"].count("<p>") == first["Body (HTML)"].count("</p>") > 0, handle
        assert first["Published"] == "true", handle


def test_rows_of_a_product_follow_each_other_and_only_the_first_describes_it(rows: list[Row]) -> None:
    seen: set[str] = set()
    previous = ""
    for row in rows:
        if row["Handle"] != previous:
            assert row["Handle"] not in seen, f"{row['Handle']} is torn apart"
            seen.add(row["Handle"])
            previous = row["Handle"]
        else:
            assert not row["Title"], row["Handle"]


def test_every_variant_can_be_priced_weighed_and_counted(rows: list[Row]) -> None:
    for row in rows:
        where = row["Variant SKU"] or row["Handle"]
        price = Decimal(row["Variant Price"])
        assert Decimal("3.50") <= price <= Decimal("189.00"), where
        assert price == price.quantize(Decimal("0.01")), where
        if row["Variant Compare At Price"]:
            assert Decimal(row["Variant Compare At Price"]) > price, where
        assert int(row["Variant Grams"]) > 0, where
        assert 0 <= int(row["Variant Inventory Qty"]) <= 120, where
        assert row["Variant Inventory Policy"] == "deny", where


def test_titles_and_stock_numbers_are_given_once(rows: list[Row]) -> None:
    for column in ("Title", "Variant SKU"):
        counts = Counter(row[column].casefold() for row in rows if row[column])
        assert not [value for value, count in counts.items() if count > 1], column
    assert all(row["Variant SKU"] for row in rows)


def test_variants_of_a_product_differ_in_their_options(products: dict[str, list[Row]]) -> None:
    for handle, rows in products.items():
        chosen = [tuple(options(row, rows[0])) for row in rows]
        assert all(value for variant in chosen for _, value in variant), f"{handle}: an option is empty"
        assert len(set(chosen)) == len(rows), f"{handle}: two variants are the same"


def test_some_things_are_sold_out_and_most_are_not(products: dict[str, list[Row]]) -> None:
    stock = {
        handle: sum(int(row["Variant Inventory Qty"]) for row in rows) for handle, rows in products.items()
    }
    sold_out = [handle for handle, units in stock.items() if units == 0]
    assert sold_out
    assert len(sold_out) < len(stock) / 10


def test_the_black_mug_is_what_the_stories_count_on(products: dict[str, list[Row]]) -> None:
    (mug,) = products["black-mug"]
    assert mug["Title"] == "Black stoneware mug"
    assert Decimal(mug["Variant Price"]) == Decimal("12.00")
    assert int(mug["Variant Inventory Qty"]) == 11
    assert "Coffee" in mug["Attribute: Good for"]


def test_some_names_are_close_enough_to_ask_which(products: dict[str, list[Row]]) -> None:
    titles = [rows[0]["Title"].casefold() for rows in products.values()]
    for words in (("blue", "mug"), ("tote",), ("teapot",), ("gift box",)):
        assert len([title for title in titles if all(word in title for word in words)]) >= 2, words


def test_every_product_has_pictures_with_words_for_them(products: dict[str, list[Row]]) -> None:
    for handle, rows in products.items():
        shown = {row["Image Src"]: row["Image Alt Text"] for row in rows if row["Image Src"]}
        assert rows[0]["Image Src"], f"{handle}: no first picture"
        assert all(len(alt) >= 15 for alt in shown.values()), f"{handle}: a picture without words"
        assert {row["Variant Image"] for row in rows if row["Variant Image"]} <= set(shown), handle


def test_each_colour_has_a_picture_of_its_own(products: dict[str, list[Row]]) -> None:
    for handle, rows in products.items():
        by_colour: dict[str, set[str]] = {}
        for row in rows:
            colour = dict(options(row, rows[0])).get("Colour")
            if colour:
                by_colour.setdefault(colour, set()).add(row["Variant Image"])
        pictures = [picture for shown in by_colour.values() for picture in shown]
        assert all(pictures), handle
        assert len(pictures) == len(set(pictures)) == len(by_colour), handle


def test_picture_files_are_small_square_jpegs_and_each_is_used(rows: list[Row]) -> None:
    named = {row["Image Src"] for row in rows if row["Image Src"]}
    files = {f"pictures/{file.name}": file.read_bytes() for file in (SHOP / "pictures").iterdir()}
    assert named == set(files)
    for name, data in files.items():
        assert jpeg_size(data) == (640, 640), name
        assert len(data) < PICTURE_BYTES_MAX, name
    assert sum(map(len, files.values())) < PICTURES_BYTES_MAX


def test_a_group_price_is_below_the_single_price_of_every_variant(
    deals: list[dict[str, Any]], products: dict[str, list[Row]]
) -> None:
    assert {deal["product"] for deal in deals} == {"honey-trio", "picnic-blanket"}
    for deal in deals:
        single = {row["Variant SKU"]: Decimal(row["Variant Price"]) for row in products[str(deal["product"])]}
        assert set(deal["prices"]) == set(single), deal["name"]
        for sku, price in deal["prices"].items():
            assert 0 < Decimal(price) < single[sku], sku


def test_group_deals_keep_to_the_rules(deals: list[dict[str, Any]], products: dict[str, list[Row]]) -> None:
    for deal in deals:
        assert 2 <= deal["size"] <= 50
        assert 1 <= deal["window_hours"] <= 168
        assert isinstance(deal["starts_at"], datetime)
        assert deal["starts_at"].tzinfo is not None
        assert deal["ends_at"] is None
        assert deal["payment"] in {"charge_now", "authorise"}
        assert 1 <= deal["units_per_order_max"] <= deal["units_per_customer_max"] <= deal["quota"]
        stock = sum(int(row["Variant Inventory Qty"]) for row in products[str(deal["product"])])
        assert deal["size"] <= deal["quota"] <= stock


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_has_front_matter_and_short_sections(path: Path) -> None:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    matter = parse(front)
    assert set(matter) == {"title", "language", "updated", "owner"}
    assert matter["language"] == "en"
    title, *sections = re.split(r"^## ", body, flags=re.MULTILINE)
    assert title.strip() == f"# {matter['title']}"
    headings = [section.partition("\n")[0] for section in sections]
    assert len(headings) == len(set(headings)) >= 8
    for section in sections:
        heading, _, text = section.partition("\n")
        asked, text = text.count("<!-- asked: "), re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
        assert asked == 1, heading  # how people ask for it
        assert 40 <= len(text.strip()) <= 700, heading


def test_the_documents_are_all_there() -> None:
    topics = {"about", "care", "delivery", "group-deals", "payment", "returns"}
    assert {path.stem for path in DOCUMENTS} == topics


def test_the_document_about_delivery_says_what_the_checkout_asks_for(profile: ShopProfile) -> None:
    text = document("delivery.md")
    assert [option.code for option in profile.delivery] == ["standard", "express", "pickup", "point"]
    for option in profile.delivery:
        (section,) = (part for part in text.split("## ") if part.startswith(option.label))
        assert f"{option.price} EUR" in section, option.code
        assert option.time in section, option.code
    (standard, *others) = profile.delivery
    assert f"come to {standard.free_from} EUR or more" in text
    assert [option.free_from for option in others] == [None, None, None]
    assert [option.needs_address for option in profile.delivery] == [True, True, False, False]


def test_the_document_about_delivery_says_what_parcels_abroad_cost(profile: ShopProfile) -> None:
    (section,) = (part for part in document("delivery.md").split("## ") if part.startswith("Delivery abroad"))
    for country in ("FR", "CH", "GB"):
        option = profile.option("standard", country)
        assert option is not None, country
        assert f"{option.price} EUR, {option.time}" in section, country
    assert profile.option("standard", "US") is None


def test_hours_address_and_hold_are_the_same_everywhere(profile: ShopProfile) -> None:
    for name in ("about.md", "delivery.md"):
        assert profile.hours in document(name), name
        assert profile.address in document(name), name
    assert profile.email in document("about.md")
    assert profile.promise.rstrip(".").casefold() in document("about.md").casefold()
    assert f"held for you for {profile.hold_minutes} minutes" in document("payment.md")
    assert document("about.md").count(profile.name) >= 2


def test_what_products_say_about_washing_agrees_with_the_care_document(
    products: dict[str, list[Row]],
) -> None:
    care = document("care.md")
    assert "dishwasher safe up to 60 °C and may go into the microwave" in care
    for handle, (first, *_) in products.items():
        dishwasher, microwave = first["Attribute: Dishwasher"], first["Attribute: Microwave"]
        if first["Attribute: Material"] == "Stoneware":
            assert dishwasher == "Yes, up to 60 °C", handle
            assert microwave in {"Yes", ""}, handle
        if first["Attribute: Material"] in {"Enamelled steel", "Stainless steel"}:
            assert microwave == "No", handle
        if "gold" in first["Attribute: Material"]:
            assert dishwasher.startswith("No"), handle
            assert microwave.startswith("No"), handle
