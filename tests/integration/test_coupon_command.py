"""`parley coupon`: offering, listing and ending coupons, and what is said of values that cannot be."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli import app

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date()


def coupon(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["coupon", *words, "--home", str(home)])


def test_a_coupon_is_offered_listed_and_ended(tmp_path: Path) -> None:
    assert "There are no coupons. `parley coupon add` offers one." in coupon(tmp_path, "list").stdout
    added = coupon(tmp_path, "add", "spring10", "--percent", "10", "--minimum", "30.00", "--category", "Mugs")
    assert added.exit_code == 0, added.output
    assert "Coupon SPRING10 can be used: 10 % off Mugs, for 30.00 EUR or more." in added.stdout
    assert "SPRING10: 10 % off Mugs" in coupon(tmp_path, "list").stdout
    ended = coupon(tmp_path, "end", "Spring10")
    assert (ended.exit_code, ended.stdout.strip()) == (0, "Coupon SPRING10 has ended.")
    (left,) = json.loads(coupon(tmp_path, "list", "--json").stdout)["coupons"]
    assert datetime.fromisoformat(left["until"]) <= datetime.now(UTC)


def test_a_coupon_as_json_has_all_its_conditions(tmp_path: Path) -> None:
    words = (
        "--amount",
        "5",
        "--minimum",
        "20",
        "--until",
        str(TOMORROW),
        "--uses",
        "3",
        "--per-customer",
        "1",
    )
    added = json.loads(coupon(tmp_path, "add", "FIVE-OFF", *words, "--json").stdout)
    assert (added["amount"], added["minimum"], added["currency"]) == ("5.00", "20.00", "EUR")
    assert (added["uses_max"], added["uses_per_customer_max"], added["uses"]) == (3, 1, 0)
    until = datetime.fromisoformat(added["until"])
    assert TOMORROW <= until.date() <= TOMORROW + timedelta(days=1)  # the day's end at the shop, in UTC
    (listed,) = json.loads(coupon(tmp_path, "list", "--json").stdout)["coupons"]
    assert listed == added


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("X", "--percent", "10"), "'X' is no code: 3–32 letters, digits"),
        (("two words", "--percent", "10"), "is no code"),
        (("SPRING10",), "takes off either --percent 10 or --amount 5.00"),
        (("SPRING10", "--percent", "10", "--amount", "5"), "takes off either"),
        (("SPRING10", "--percent", "95"), "--percent is from 1 to 90: something has to be left to pay"),
        (("SPRING10", "--percent", "0"), "--percent is from 1 to 90"),
        (("SPRING10", "--amount", "5"), "--amount needs a larger --minimum"),
        (("SPRING10", "--amount", "5", "--minimum", "5"), "--amount needs a larger --minimum"),
        (("SPRING10", "--amount", "0", "--minimum", "5"), "--amount 0 would take nothing off"),
        (("SPRING10", "--amount", "five", "--minimum", "9"), "'five' is no price"),
        (("SPRING10", "--amount", "5 USD", "--minimum", "9"), "'5 USD' is not in EUR"),
        (
            ("SPRING10", "--percent", "10", "--from", "2099-02-01", "--until", "2099-01-31"),
            "--until 2099-01-31 is before --from 2099-02-01",
        ),
        (("SPRING10", "--percent", "10", "--until", "2020-01-01"), "--until 2020-01-01 is over already"),
        (("SPRING10", "--percent", "ten"), "--percent"),
        (("SPRING10", "--percent", "10", "--until", "soon"), "soon"),
        (("SPRING10", "--percent", "10", "--uses", "0"), "uses"),
    ],
)
def test_a_coupon_that_cannot_be_is_refused_with_its_reason(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    refused = coupon(tmp_path, "add", *words)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert says in refused.stderr
    assert "Traceback" not in refused.output
    assert json.loads(coupon(tmp_path, "list", "--json").stdout) == {"coupons": []}


def test_a_code_is_offered_once_and_an_unknown_one_cannot_end(tmp_path: Path) -> None:
    assert coupon(tmp_path, "add", "SPRING10", "--percent", "10").exit_code == 0
    again = coupon(tmp_path, "add", "spring10", "--percent", "20")
    assert again.exit_code == 2
    assert "there is a coupon SPRING10 already; choose another code" in again.stderr
    unknown = coupon(tmp_path, "end", "autumn5")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "there is no coupon AUTUMN5; `parley coupon list` shows them" in unknown.stderr
