"""The command line as it is typed: JSON alone on standard output, errors on standard error with exit code 2."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import ROOT
from app.stage import Template

SHOPIFY = ROOT.parent / "shared" / "data" / "shopify"
PARLEY = Path(sys.executable).with_name("parley")
TELLS_WHAT_IT_LOADED = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from app.cli import main
main()
"""
HEADER = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"

SECONDS_MAX = 300  # a first start learns the training data, which takes a minute where nothing else is done


def parley(
    *words: str, home: Path, text: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PARLEY), *words],
        input=text,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
        env={**os.environ, "PARLEY_HOME": str(home), "COLUMNS": "200", **environment},
    )


@pytest.fixture
def home(shop_template: Template, tmp_path: Path) -> Path:
    """A home that has its model, and an empty catalogue."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "models").symlink_to(shop_template.home / "models")
    return folder


def loaded_by(*words: str, home: Path) -> set[str]:
    """The modules that a command loaded until its end."""
    done = subprocess.run(
        [sys.executable, "-c", TELLS_WHAT_IT_LOADED, *words],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=True,
        env={**os.environ, "PARLEY_HOME": str(home), "PYTHONPATH": str(ROOT)},
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [(), ("serve",), ("coupon", "add"), ("bench", "search")], ids=" ".join)
def test_help_loads_nothing_that_only_the_work_needs(tmp_path: Path, words: tuple[str, ...]) -> None:
    loaded = loaded_by(*words, "--help", home=tmp_path)
    assert "typer" in loaded
    assert loaded.isdisjoint({"aiogram", "sqlalchemy", "fastapi", "nicegui", "numpy", "stripe"})


@pytest.mark.parametrize("words", [("check",), ("coupon", "list"), ("parse", "hello")], ids=" ".join)
def test_a_command_that_needs_no_messenger_loads_no_part_of_one(home: Path, words: tuple[str, ...]) -> None:
    loaded = loaded_by(*words, home=home)
    assert "sqlalchemy" in loaded
    assert loaded.isdisjoint({"aiogram", "app.server", "sandbox.telegram"})


def test_a_real_export_is_imported_once_and_then_changes_nothing(home: Path) -> None:
    file = SHOPIFY / "jewelry.csv"  # the others: test_catalogue_import.py
    if not file.exists():
        pytest.skip(f"the sample exports are not here: {file}")
    first = json.loads(parley("import", "products", str(file), "--json", home=home).stdout)
    assert first["added"] > 0
    assert first["problems"] == []
    again = json.loads(parley("import", "products", str(file), "--json", home=home).stdout)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, first["added"])


def test_an_imported_catalogue_is_searchable_within_its_price(home: Path) -> None:
    file = SHOPIFY / "bicycles.csv"
    if not file.exists():
        pytest.skip(f"the sample exports are not here: {file}")
    parley("import", "products", str(file), home=home)
    found = json.loads(parley("search", "road bike under 1500", "--json", home=home).stdout)
    assert found["hits"]
    assert all(float(hit["price"].strip("€").replace(",", "")) <= 1500 for hit in found["hits"])
    with file.open(encoding="utf-8") as rows:
        kinds = {row["Handle"]: row["Type"] for row in csv.DictReader(rows) if row["Title"]}
    assert all("bi" in kinds[hit["handle"]].casefold() for hit in found["hits"][:5]), (
        "whole bikes, no bar tape"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), ["a picture, not a table"]),
        (b"colour;weight\nred;2\n", ["Handle"]),
    ],
    ids=["empty", "a picture", "other columns"],
)
def test_a_file_that_is_no_product_file_is_refused_plainly(
    home: Path, tmp_path: Path, content: bytes, words: list[str]
) -> None:
    file = tmp_path / "products.csv"
    file.write_bytes(content)
    done = parley("import", "products", str(file), "--json", home=home)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_bad_rows_are_named_by_line_and_the_good_ones_land(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    rows = [
        "mug,Mug,<p>A mug</p>,K,Mugs,,true,Title,Default Title,M1,5,12.00",
        "cup,Cup,,K,Mugs,,true,Title,Default Title,C1,5,twelve",
        'jug,Jug,"<p>two\nlines</p>",K,Mugs,,true,Title,Default Title,J1,5,"1.299,00"',
        "pot,Pot,,K,Mugs,,true,Title,Default Title,P1,5,-3",
    ]
    file.write_text(HEADER + "\n".join(rows) + "\n", "utf-8")
    done = parley("import", "products", str(file), "--json", home=home)
    report = json.loads(done.stdout)
    assert report["added"] == 2
    assert [(problem["line"], problem["product"]) for problem in report["problems"]] == [
        (3, "cup"),
        (6, "pot"),
    ]
    assert done.returncode == 1
    found = json.loads(parley("search", "jug", "--json", home=home).stdout)
    assert found["hits"][0]["price"] == "€1,299.00"


def test_a_message_is_parsed_to_json_alone(home: Path) -> None:
    done = parley("parse", "two black mugs under 15 euros", "--json", home=home)
    heard = json.loads(done.stdout)
    assert heard["intents"][0]["probability"] > 0
    assert {"quantity", "price_max"} <= {entity["name"] for entity in heard["entities"]}
    spans = {entity["name"]: (entity["start"], entity["end"]) for entity in heard["entities"]}
    assert spans["quantity"] == (0, 3)
    assert heard["refused"] == (heard["refusal_score"] > heard["refusal_threshold"])
    assert heard["seconds"] > 0
    first = heard["nearest_examples"][0]
    assert {"text", "intent", "similarity", "file", "line"} == set(first)
    assert Path(first["file"]).is_file()


@pytest.mark.parametrize(
    "text", ["😀🛒👍🏽", "\udcff\udc80 caf\udce9", "\x01\x02\x1b[2J\u202e", "mug " * 25_000]
)
def test_any_words_at_all_are_parsed_to_json(home: Path, text: str) -> None:
    done = parley("parse", text, "--json", home=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["text"] == text


def test_a_line_of_a_file_ends_where_it_ends(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "messages.txt"
    file.write_bytes("hello\u2028there\u0085you\r\nwhere is my order?\n".encode())
    lines = parley("parse", "--file", str(file), home=home).stdout.split("\n")
    assert [json.loads(line)["text"] for line in lines[:-1]] == [
        "hello\u2028there\u0085you",
        "where is my order?",
    ]


def test_a_file_of_messages_is_parsed_line_by_line(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "messages.txt"
    file.write_text("hello\nwhere is my order?\n", "utf-8")
    lines = parley("parse", "--file", str(file), home=home).stdout.splitlines()
    assert [json.loads(line)["intents"][0]["name"] for line in lines] == ["greet", "order_status"]


def test_training_again_with_the_same_data_trains_nothing(home: Path) -> None:
    card = json.loads(parley("train", "--json", home=home).stdout)
    assert card["trained_now"] is False
    assert card["examples"] > 1000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("search", "mug", "--config", "nowhere.yml"), "there is no such file"),
        (("import", "products", "nowhere.csv"), "nowhere.csv"),
        (("parse",), "Give one text"),
        (("evaluate", "nowhere.yml"), "nowhere.yml"),
        (("evaluate",), "Name a file of messages"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(
    home: Path, words: tuple[str, ...], message: str
) -> None:
    done = parley(*words, home=home)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_week_and_the_known_questions_of_a_shop_that_nobody_asked_yet(home: Path) -> None:
    week = json.loads(parley("week", "--json", home=home).stdout)
    assert (week["asked"], week["share_answered"], week["gaps"], week["due"]) == (0, None, [], [])
    assert "Nobody asked a question" in parley("week", home=home).stdout
    known = parley("evaluate", "--knowledge", home=home)
    assert known.returncode == 0
    assert "No question is known yet" in known.stdout


def test_an_unknown_variable_stops_with_the_nearest_known_one(home: Path) -> None:
    done = parley("search", "mug", home=home, PARLEY_TELEGRAM_TOKE="x")
    assert done.returncode == 2
    assert "did you mean 'PARLEY_TELEGRAM_TOKEN'" in done.stderr


def test_everything_that_people_wrote_fits_together(home: Path) -> None:
    done = parley("check", "--json", home=home)
    assert json.loads(done.stdout) == {"mistakes": []}
    assert done.returncode == 0


def test_the_terminal_chat_opens_the_demo_and_sells(home: Path) -> None:
    script = "hi\nI need a black mug for coffee, under 15 euros\n2 of them please\ncheckout\nBo Lind\nexpress\nHauptstr. 7, 10115 Berlin\n+49 30 1234567\nyes\n/pay visa\nwhere is my order?\n/quit\n"
    done = parley("chat", home=home, text=script)
    assert done.returncode == 0, done.stderr
    for words in (
        "Welcome",
        "Black stoneware mug",
        "€24.00",
        "Total €33.90",
        "Thank you, Bo",
        "paid and waits",
    ):
        assert words in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("change", "environment", "message"),
    [
        (("updates: polling", "updates: webhook"), {}, "set server.public_url"),
        (
            ("\nserver:", "\nserver_:"),
            {},
            "unknown key 'server_' — did you mean 'server'?",
        ),
        (("host: 127.0.0.1", "host: 0.0.0.0"), {}, "PARLEY_STAFF_PASSWORD"),
        (
            ("  port: 8080", "  port: 8080\n  public_url: https://shop.example"),
            {"webhook": "1"},
            "PARLEY_TELEGRAM_WEBHOOK_SECRET",
        ),
        (
            ("  port: 8080", "  port: 8080"),
            {"PARLEY_MESSENGER_PAGE_TOKEN": "EAAx"},
            "PARLEY_MESSENGER_APP_SECRET",
        ),
        (
            ("  port: 8080", "  port: 8080"),
            {
                "PARLEY_MESSENGER_PAGE_TOKEN": "EAAx",
                "PARLEY_MESSENGER_APP_SECRET": "x",
                "PARLEY_MESSENGER_VERIFY_TOKEN": "x",
            },
            "Meta delivers webhooks to https addresses only",
        ),
    ],
    ids=[
        "webhook without address",
        "unknown key",
        "open to the world",
        "webhook without secret",
        "page without its app",
        "page without an address",
    ],
)
def test_serving_for_real_with_a_gap_in_the_settings_is_refused(
    home: Path, tmp_path: Path, change: tuple[str, str], environment: dict[str, str], message: str
) -> None:
    text = (ROOT / "config.yml").read_text("utf-8")
    assert change[0] in text
    text = text.replace(*change, 1)
    if "webhook" in environment:
        text = text.replace("updates: polling", "updates: webhook")
    config = tmp_path / "config.yml"
    config.write_text(text, "utf-8")
    done = parley(
        "serve",
        "--config",
        str(config),
        home=home,
        PARLEY_TELEGRAM_TOKEN="7000000001:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        **{name: value for name, value in environment.items() if name != "webhook"},
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_said_with_the_way_out(home: Path) -> None:
    import socket  # noqa: PLC0415

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = parley("demo", "--port", str(port), home=home)
    assert done.returncode == 2
    assert f"--port {port + 1}" in done.stderr
