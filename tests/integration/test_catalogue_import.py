"""Shopify product files come in whole or are named line by line, on both databases."""

import codecs
import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from shop.catalogue import queries
from shop.catalogue.importing import ImportReport, import_products
from shop.catalogue.model import Product, Variant
from shop.catalogue.sheet import ROW_CHARACTERS_MAX, UnreadableFile
from storage.engine import Database

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "shopify"
HEADER = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value", "Option2 Name",
    "Option2 Value", "Variant SKU", "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty",
    "Variant Inventory Policy", "Variant Price", "Variant Compare At Price", "Variant Barcode", "Image Src", "Image Alt Text",
    "Variant Image", "Status", "Attribute: Dishwasher",
]  # fmt: skip
MUG = {
    "Handle": "mug", "Title": "Mug", "Body (HTML)": "<p>Holds\ncoffee.</p><ul><li>Material: stoneware</li></ul>", "Vendor": "Leem",
    "Type": "Mugs", "Tags": "cup, coffee,, cup", "Published": "true", "Option1 Name": "Colour", "Option1 Value": "Black",
    "Option2 Name": "Size", "Option2 Value": "S", "Variant SKU": "M-1", "Variant Grams": "380", "Variant Inventory Tracker": "shopify",
    "Variant Inventory Qty": "5", "Variant Inventory Policy": "deny", "Variant Price": "12.00", "Variant Compare At Price": "15.00",
    "Variant Barcode": "'0123", "Status": "active", "Attribute: Dishwasher": "yes, top rack",
}  # fmt: skip
BLUE = {
    "Handle": "mug", "Option1 Value": "Blue", "Option2 Value": "S", "Variant SKU": "M-2", "Variant Inventory Tracker": "shopify",
    "Variant Inventory Qty": "3", "Variant Inventory Policy": "continue", "Variant Price": "13.00",
}  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


@pytest.fixture
def bring(database: Database, tmp_path: Path) -> Callable[..., ImportReport]:
    """Writes rows to a file and imports it."""

    def bring(*rows: dict[str, str], content: bytes | None = None, **options) -> ImportReport:
        path = tmp_path / "products.csv"
        path.write_bytes(written(*rows) if content is None else content)
        return import_products(database, path, **({"currency": "EUR", "at": AT} | options))

    return bring


def written(
    *rows: dict[str, str], delimiter: str = ",", header: list[str] = HEADER, encoding: str = "utf-8"
) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def seen(database: Database, look: Callable[[Product], object], handle: str = "mug"):
    """What `look` sees of a product, while its session is open."""

    def work(session):
        product = queries.by_handle(session, handle)
        return None if product is None else look(product)

    return database.read(work)


def problems(report: ImportReport) -> list[tuple[int, str]]:
    return [(problem.line, problem.reason) for problem in report.problems]


# The real exports


@pytest.mark.parametrize(
    ("name", "products", "variants"),
    [("apparel", 25, 96), ("bicycles", 284, 1121), ("jewelry", 19, 24), ("snowdevil", 278, 622)],
)
@pytest.mark.skipif(not EXPORTS.exists(), reason="the sample exports are not beside the repository")
def test_a_real_export_lands_whole_and_again_changes_nothing(
    database: Database, name, products, variants
) -> None:
    shares: list[float] = []
    path = EXPORTS / f"{name}.csv"
    report = import_products(database, path, currency="USD", at=AT, progress=shares.append)
    assert (report.added, report.changed, report.unchanged, report.problems) == (products, 0, 0, ())
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    counts = database.read(
        lambda s: (
            s.scalar(select(func.count()).select_from(Product)),
            s.scalar(select(func.count()).select_from(Variant)),
        )
    )
    assert counts == (products, variants)
    again = import_products(database, path, currency="USD", at=AT + timedelta(days=1))
    assert (again.added, again.changed, again.unchanged, again.problems) == (0, 0, products, ())
    assert database.read(lambda s: s.scalar(select(func.max(Product.updated_at)))) == AT


@pytest.mark.skipif(not EXPORTS.exists(), reason="the sample exports are not beside the repository")
def test_nothing_of_a_real_export_is_left_as_markup(database: Database) -> None:
    import_products(database, EXPORTS / "bicycles.csv", currency="USD", at=AT)
    texts = database.read(lambda s: list(s.scalars(select(Product.description))))
    assert not [text for text in texts if "</" in text or "<p" in text or "&amp;" in text]
    wrench = seen(
        database, lambda p: (p.title, p.variants[0].label, p.variants[0].options), "15mm-combo-wrench"
    )
    assert wrench == ("15mm Combo Wrench", "", {})


# What is read


def test_every_column_is_understood(bring, database: Database) -> None:
    assert bring(MUG, BLUE).added == 1
    product = seen(
        database,
        lambda p: (
            p.title,
            p.vendor,
            p.category,
            p.tags,
            p.description,
            p.attributes,
            p.published,
            p.updated_at,
        ),
    )
    assert product == (
        "Mug", "Leem", "Mugs", ["cup", "coffee"], "Holds coffee.\n\n• Material: stoneware",
        {"Material": "stoneware", "Dishwasher": "yes, top rack"}, True, AT,
    )  # fmt: skip
    black, blue = seen(
        database, lambda p: [(v.options, v.sku, v.on_hand, v.oversell, v.price.minor) for v in p.variants]
    )
    assert black == ({"Colour": "Black", "Size": "S"}, "M-1", 5, False, 1200)
    assert blue == ({"Colour": "Blue", "Size": "S"}, "M-2", 3, True, 1300)
    rest = seen(
        database,
        lambda p: (
            p.variants[0].compare_at_minor,
            p.variants[0].weight_grams,
            p.variants[0].barcode,
            p.variants[0].currency,
        ),
    )
    assert rest == (1500, 380, "0123", "EUR")


def test_default_title_is_no_option(bring, database: Database) -> None:
    bring(
        MUG
        | {"Option1 Name": "Title", "Option1 Value": "Default Title", "Option2 Name": "", "Option2 Value": ""}
    )
    assert seen(database, lambda p: p.variants[0].options) == {}


def test_what_is_not_counted_never_runs_out(bring, database: Database) -> None:
    bring(MUG | {"Variant Inventory Tracker": "", "Variant Inventory Qty": "-7"})
    assert seen(
        database, lambda p: (p.variants[0].tracked, p.variants[0].on_hand, p.variants[0].free_units())
    ) == (False, 0, None)


@pytest.mark.parametrize(
    ("published", "status", "shown"),
    [
        ("true", "active", True),
        ("", "", True),
        ("FALSE", "active", False),
        ("true", "draft", False),
        ("true", "archived", False),
    ],
)
def test_only_what_is_published_and_active_is_shown(
    bring, database: Database, *, published, status, shown
) -> None:
    bring(MUG | {"Published": published, "Status": status})
    assert seen(database, lambda p: p.published) is shown


def test_the_newer_generation_of_headers_is_understood(bring, database: Database) -> None:
    content = (
        b"Title,URL handle,Description,Vendor,Type,Tags,Published on online store,SKU,Option1 name,Option1 value,Price,"
        b"Compare-at price,Inventory quantity,Continue selling when out of stock,Weight value (grams)\n"
        b"Mug,mug,<p>Hi</p>,Leem,Mugs,cup,TRUE,M-1,Colour,Black,12.00,,5,TRUE,380\n"
    )
    assert bring(content=content).problems == ()
    variant = seen(database, lambda p: (p.variants[0].oversell, p.variants[0].on_hand, p.variants[0].tracked))
    assert variant == (True, 5, True)


ENCODINGS = [
    ("utf-8", b"", ","), ("utf-8", codecs.BOM_UTF8, ";"), ("cp1252", b"", ","), ("cp1252", b"", ";"), ("utf-16-le", codecs.BOM_UTF16_LE, "\t"),
    ("utf-16-be", codecs.BOM_UTF16_BE, ","), ("utf-16-le", b"", ";"),
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "bom", "delimiter"), ENCODINGS)
def test_any_usual_encoding_and_separator_is_found_out(
    bring, database: Database, *, encoding, bom, delimiter
) -> None:
    body = "<p>Schöne Tasse, größer als die kleine; aus München – für 5 Gäste.</p>"
    row = MUG | {"Title": "Tasse für Café", "Body (HTML)": body}
    report = bring(content=bom + written(row, BLUE, delimiter=delimiter, encoding=encoding))
    assert report.problems == ()
    assert seen(database, lambda p: p.title) == "Tasse für Café"


def test_a_cell_with_line_breaks_counts_as_the_lines_it_has(bring) -> None:
    tall = MUG | {"Handle": "tall", "Body (HTML)": "one\ntwo\r\nthree"}
    bad = MUG | {"Handle": "bad", "Variant Price": "abc"}
    report = bring(tall, bad)
    assert report.added == 1
    assert problems(report) == [(5, "Variant Price: 'abc' is no price")]
    assert report.problems[0].product == "bad"


# What is refused


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Variant Price": "-1.00"}, "negative"),
        ({"Variant Price": "free"}, "no price"),
        ({"Variant Price": "$12"}, "not in EUR"),
        ({"Variant Compare At Price": "?"}, "Variant Compare At Price"),
        ({"Variant Inventory Qty": "99999999999"}, "beyond"),
        ({"Variant Inventory Qty": "9" * 400}, "beyond"),
        ({"Variant Inventory Qty": "a few"}, "no whole number"),
        ({"Variant Inventory Qty": "1.5"}, "no whole number"),
        ({"Variant Inventory Policy": "maybe"}, "neither true nor false"),
        ({"Variant Grams": "-3"}, "negative"),
        ({"Published": "perhaps"}, "neither true nor false"),
        ({"Status": "gone"}, "none of active"),
        ({"Title": ""}, "needs a Title"),
        ({"Handle": ""}, "no Handle"),
        ({"Handle": "x" * 300}, "too long"),
        ({"Image Src": "javascript:alert(1)"}, "neither a web address"),
        ({"Image Src": "mug.png"}, "no media folder"),
        ({"Body (HTML)": "x" * ROW_CHARACTERS_MAX}, "characters"),
    ],
)
def test_a_bad_row_is_named_and_its_product_left_out_whole(bring, database: Database, change, reason) -> None:
    other = MUG | {"Handle": "other", "Variant SKU": "O-1"}
    report = bring(other, MUG | change)
    assert report.added == 1
    assert [line for line, _ in problems(report)] == [4], report.problems
    assert reason in report.problems[0].reason
    assert seen(database, lambda p: p.title, "other") == "Mug"
    assert seen(database, lambda p: p.title) is None


def test_one_bad_variant_keeps_the_whole_product_out(bring, database: Database) -> None:
    report = bring(MUG, BLUE | {"Variant Price": ""})
    assert (
        problems(report) == [(4, "Variant Price: Variant Price is empty")]
        or "empty" in report.problems[0].reason
    )
    assert report.problems[0].line == 4
    assert seen(database, lambda p: p.title) is None


def test_the_same_options_twice_are_refused(bring) -> None:
    report = bring(MUG, BLUE | {"Option1 Value": " black "})
    assert "on line 2 already" in report.problems[0].reason
    assert report.problems[0].line == 4


def test_a_handle_with_two_titles_is_refused(bring) -> None:
    report = bring(MUG, BLUE | {"Title": "Cup"})
    assert report.added == 0
    assert report.problems[0].line == 4
    assert "'Mug' (line 2) and for 'Cup'" in report.problems[0].reason


def test_a_handle_that_comes_back_later_is_refused_there(bring, database: Database) -> None:
    report = bring(MUG, MUG | {"Handle": "other"}, BLUE)
    assert report.added == 2
    assert [problem.line for problem in report.problems] == [6]
    assert "used on line 2" in report.problems[0].reason
    assert seen(database, lambda p: len(p.variants)) == 1


def test_an_unclosed_quotation_mark_names_the_lines_it_swallowed(bring) -> None:
    content = b'Handle,Title,Variant Price\na,A,1.00\nb,"B,2.00\nc,C,3.00\nd,D,4.00\n'
    report = bring(content=content)
    assert report.added == 1
    assert report.problems[0].line == 3
    assert "lines 3–5" in report.problems[0].reason


def test_a_quotation_mark_that_closes_too_late_is_noticed(bring) -> None:
    content = b'Handle,Title,Variant Price\na,A,1.00\nb,"B,2.00\nc,"C",3.00\nd,D,4.00\n'
    report = bring(content=content)
    assert report.added == 2
    assert [problem.line for problem in report.problems] == [3]
    assert "lines 3–4 were read as one row" in report.problems[0].reason


def test_a_row_with_too_many_cells_is_named(bring) -> None:
    report = bring(content=b"Handle,Title,Variant Price\na,A,1.00,what\nb,B,2.00\n\n,,\n")
    assert report.added == 1
    assert problems(report) == [(2, "the row has 4 cells, the header 3")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "is empty"),
        (b"PK\x03\x04" + b"x" * 100, "Excel workbook"),
        (bytes(range(256)) * 40, "not a text file"),
        (
            b"Handle,Title,Variant Prise\nmug,Mug,12\n",
            r"no column 'Variant Price' \(nearest: 'Variant Prise'\)",
        ),
        (b"Title,Price\nMug,12\n", "no column 'Handle'.*needs the columns Handle, Title, Variant Price"),
        (b"id,title,description,price,link,image_link\n1,a,b,c,d,e\n", "no column 'Handle'"),
        (b"Handle,Title,Price,Variant Price\n", "mean the same column"),
    ],
)
def test_a_file_that_makes_no_sense_as_a_whole_says_why(bring, content, reason) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        bring(content=content)


def test_a_folder_and_a_missing_file_are_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="is a folder"):
        import_products(database, tmp_path, currency="EUR", at=AT)
    with pytest.raises(UnreadableFile, match="No such file"):
        import_products(database, tmp_path / "none.csv", currency="EUR", at=AT)


def test_a_currency_that_is_none_is_refused(bring) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        bring(MUG, currency="Euro")


# Again, changed


def test_a_changed_row_changes_the_product_and_keeps_the_variants(bring, database: Database) -> None:
    bring(MUG, BLUE)
    ids = seen(database, lambda p: [v.id for v in p.variants])
    later = AT + timedelta(days=1)
    report = bring(MUG | {"Title": "Big mug"}, BLUE | {"Variant Price": "14.00"}, at=later)
    assert (report.added, report.changed, report.unchanged) == (0, 1, 0)
    assert seen(database, lambda p: ([v.id for v in p.variants], p.title, p.updated_at)) == (
        ids,
        "Big mug",
        later,
    )
    assert seen(database, lambda p: p.variants[1].price.minor) == 1400


def test_a_variant_whose_option_was_renamed_is_known_by_its_sku(bring, database: Database) -> None:
    bring(MUG, BLUE)
    ids = seen(database, lambda p: [v.id for v in p.variants])
    bring(MUG | {"Option1 Value": "Ink"}, BLUE)
    assert seen(database, lambda p: [(v.id, v.label) for v in p.variants]) == [
        (ids[0], "Ink, S"),
        (ids[1], "Blue, S"),
    ]


def test_a_variant_that_is_gone_is_unpublished_and_comes_back_the_same(bring, database: Database) -> None:
    bring(MUG, BLUE)
    ids = seen(database, lambda p: [v.id for v in p.variants])
    bring(MUG)
    assert seen(database, lambda p: {v.id: v.published for v in p.variants}) == {ids[0]: True, ids[1]: False}
    bring(MUG, BLUE)
    assert seen(database, lambda p: {v.id: v.published for v in p.variants}) == dict.fromkeys(ids, True)


def test_a_product_that_the_file_does_not_name_is_left_alone(bring, database: Database) -> None:
    bring(MUG)
    bring(MUG | {"Handle": "other"})
    assert seen(database, lambda p: p.published) is True


def test_a_column_that_the_file_does_not_have_leaves_what_is_there(bring, database: Database) -> None:
    bring(MUG)
    bring(
        content=b"Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant Price\nmug,Mug,Colour,Black,Size,S,11.00\n"
    )
    assert seen(database, lambda p: (p.vendor, p.tags, p.variants[0].sku, p.variants[0].on_hand)) == (
        "Leem",
        ["cup", "coffee"],
        "M-1",
        5,
    )
    assert seen(database, lambda p: p.variants[0].price.minor) == 1100


def test_an_old_count_does_not_bring_sold_units_back(bring, database: Database) -> None:
    bring(MUG)
    database.write_now(lambda s: s.execute(text("UPDATE variant SET on_hand = 2")))  # three were shipped
    bring(MUG | {"Title": "Big mug"})
    assert seen(database, lambda p: p.variants[0].on_hand) == 2
    bring(MUG | {"Variant Inventory Qty": "9"})
    assert seen(database, lambda p: p.variants[0].on_hand) == 9


def test_a_count_below_what_is_promised_is_lifted_to_it(bring, database: Database) -> None:
    bring(MUG)
    database.write_now(lambda s: s.execute(text("UPDATE variant SET allocated = 4")))
    assert bring(MUG | {"Variant Inventory Qty": "1"}).problems == ()
    assert seen(database, lambda p: (p.variants[0].on_hand, p.variants[0].free_units())) == (4, 0)


def test_many_products_land_in_several_commits(bring, database: Database) -> None:
    report = bring(*(MUG | {"Handle": f"mug-{n}", "Variant SKU": f"M-{n}"} for n in range(120)))
    assert report.added == 120
    assert database.read(lambda s: s.scalar(select(func.count()).select_from(Product))) == 120


# Pictures


def test_pictures_keep_their_address_and_their_variant(bring, database: Database) -> None:
    second = {"Handle": "mug", "Image Src": "//cdn.example/b.jpg"}
    bring(
        MUG | {"Image Src": "https://cdn.example/a.jpg", "Image Alt Text": "a mug"},
        second,
        BLUE | {"Variant Image": "https://cdn.example/c.jpg"},
    )
    pictures = seen(database, lambda p: [(picture.url, picture.alt) for picture in p.pictures])
    assert pictures == [
        ("https://cdn.example/a.jpg", "a mug"),
        ("https://cdn.example/b.jpg", ""),
        ("https://cdn.example/c.jpg", ""),
    ]
    assert seen(database, lambda p: [v.picture and v.picture.url for v in p.variants]) == [
        None,
        "https://cdn.example/c.jpg",
    ]


def test_a_picture_beside_the_file_is_copied_once_under_its_contents_name(
    bring, database: Database, tmp_path: Path
) -> None:
    media = tmp_path / "media"
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "mug.jpg").write_bytes(PNG)
    row = MUG | {"Image Src": "pictures/mug.jpg", "Variant Image": "pictures/mug.jpg"}
    bring(row, media=media)
    [name] = seen(database, lambda p: [picture.path for picture in p.pictures])
    assert name.endswith(".png")  # by its bytes, not by its name
    assert [file.name for file in media.iterdir()] == [name]
    assert (media / name).read_bytes() == PNG
    assert seen(database, lambda p: p.variants[0].picture.path) == name
    assert bring(row, media=media).unchanged == 1


def test_another_picture_under_the_same_name_is_a_change(bring, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "mug.png"
    file.write_bytes(PNG)
    bring(MUG | {"Image Src": "mug.png"}, media=tmp_path / "media")
    before = seen(database, lambda p: p.pictures[0].path)
    file.write_bytes(PNG + b"more")
    assert bring(MUG | {"Image Src": "mug.png"}, media=tmp_path / "media").changed == 1
    assert seen(database, lambda p: [picture.path for picture in p.pictures]) != [before]


@pytest.mark.parametrize(
    "source",
    ["../secret.png", "/etc/passwd", "pictures/../../secret.png", "link.png", "notes.txt", "none.png"],
)
def test_only_pictures_inside_the_files_folder_are_taken(
    database: Database, tmp_path: Path, source: str
) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "notes.txt").write_text("not a picture")
    path = folder / "products.csv"
    path.write_bytes(written(MUG | {"Image Src": source}))
    report = import_products(database, path, currency="EUR", at=AT, media=tmp_path / "media")
    assert report.added == 0
    assert report.problems[0].line == 2
    assert "Image Src" in report.problems[0].reason
    assert not (tmp_path / "media").exists()


def test_a_picture_that_is_gone_lets_go_of_its_variants(bring, database: Database) -> None:
    bring(MUG, BLUE | {"Variant Image": "https://cdn.example/c.jpg"})
    bring(MUG, BLUE)
    assert seen(database, lambda p: (len(p.pictures), p.variants[1].picture_id)) == (0, None)
