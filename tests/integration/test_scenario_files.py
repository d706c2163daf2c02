"""`parley scenario`: what is wrong in a story is named before it is played, and what fails is shown as it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.scenarios import known_names, read_stories
from app.settings import ROOT
from app.stage import Template
from sandbox.stories.format import Known
from storage.yaml_files import Mistakes
from tests.open_shop import settings_for_tests

TOP = "story: a test\npeople:\n  ana: {channel: telegram}\n  mia: {role: staff}\nsteps:\n"
GROUP = (
    "story: a test\npeople: {ana: {channel: telegram}, ben: {channel: messenger}}\n"
    "chats: {friends: {channel: telegram, members: [ana]}}\nsteps:\n"
)


@pytest.fixture(scope="module")
def known() -> Known:
    return known_names(settings_for_tests())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "story.yml"


def mistakes(file: Path, known: Known, content: str) -> str:
    file.write_text(content, "utf-8")
    with pytest.raises(Mistakes) as found:
        read_stories([file], known)
    return str(found.value)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("ana: {tab: Checkout}", "here is tab — did you mean 'tap'"),
        ("ana: {tap: Checkout, twice: yes}", "unknown key 'twice'"),
        ("ana: {tap: Checkout, say: hello}", "one thing a step; here is tap, say"),
        ("ana: 12", "does 12"),
        ("anna: hello", "'anna' is neither a person of this story nor a kind of step — did you mean 'ana'"),
        ("bot: {to: anna, says: hello}", "nobody is called 'anna' — did you mean 'ana'"),
        ("bot: {to: mia, says: hello}", "'mia' is staff, not a customer"),
        ("bot: {sais: hello}", "unknown key 'sais' — did you mean 'says'"),
        ("bot: {shows: cards}", "'card', 'invoice', 'receipt', 'picture' or 'file'"),
        ("bot: {reply: utter_thank_yuo}", "did you mean 'utter_thank_you'"),
        ("bot: {intent: order_stats}", "did you mean 'order_status'"),
        ("bot: {flow: chekout}", "did you mean 'checkout'"),
        ("bot: {save: {order: 'order (\\w+'}}", "is no regular expression"),
        ("bot: {save: {order: 'order \\w+'}}", "must have one group"),
        ("ana: '$order please'", "nothing was saved as 'order' before"),
        ("ana: {pay: card, with: vsia}", "'vsia' is no card here; there are visa,"),
        ("ana: {send: photo, file: none.jpg}", "there is no file 'none.jpg' beside the story"),
        ("clock: 25 hours", "'25 hours' is neither +30s"),
        ("restart: later", "'restart': Input should be 'now'"),
        ("fault: {stripe: {refnd: [error]}}", "unknown key 'stripe.refnd' — did you mean 'refund'"),
        (
            "fault: {stripe: {refund: [timout]}}",
            "stripe.refund: 'timout' is no fault — did you mean 'timeout'",
        ),
        ("fault: {messenger: {notices: [thrice]}}", "'thrice' is no fault"),
        ("both: [{ana: hello}]", "'both' is a list of what two or more people do"),
        ("both: [{ana: hello}, {bob: hello}]", "'bob' is neither a person"),
        ("mia: {claim: ana}", "'claim' of staff is not yet in this version"),
        ("mia: {refund: ana}", "'refund' of staff is not yet in this version"),
        ("mia: {stock: black-mugg, on_hand: 1}", "did you mean 'black-mug'"),
        ("expect: [{deal: honey-for-tree, groups: []}]", "did you mean 'honey-for-three'"),
        ("expect: [{deal: honey-for-three, groups: [{status: ful, seats: 3}]}]", "'succeeded'"),
        ("expect: [{stok: black-mug}]", "'stok' is nothing that can be expected — did you mean 'stock'"),
        ("expect: [{order: ana, status: payed}]", "'paid'"),
        ("expect: [{order: ana, total: 24 EUR}]", "'24 EUR' is no amount such as 24.00 EUR"),
        ("expect: [{order: bob}]", "the order 'bob': name a person"),
        ("expect: [{messages: {to: ana, matching: '(', count: 0}}]", "is no regular expression"),
        ("{ana: hello, bot: {says: hi}}", "a step has one key"),
    ],
)
def test_what_is_wrong_in_a_step_is_named_with_its_line(
    file: Path, known: Known, step: str, words: str
) -> None:
    told = mistakes(file, known, f"{TOP}  - ana: hello\n  - {step}\n")
    assert words in told
    assert told.startswith(f"{file}:7: ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("- a list\n", "is no story"),
        ("story: [\n", "is not valid YAML"),
        ("story: x\npeople: {ana: {channel: telegram}}\n", "'steps' is missing"),
        (TOP + "  - ana: hello\nchats: {friends: {}}\n", "'chats.friends.channel' is missing"),
        (GROUP + "  - ana: hello\nalso_on: [web]\n", "the story cannot be played elsewhere (also_on)"),
        (GROUP.replace("[ana]", "[ana, bob]") + "  - ana: hello\n", "nobody is called 'bob'"),
        (GROUP.replace("[ana]", "[ana, ben]") + "  - ana: hello\n", "'ben' is on messenger, and the chat on"),
        (GROUP.replace("friends", "clock") + "  - ana: hello\n", "no chat can be called 'clock'"),
        (GROUP + "  - ana: {in: freinds, say: hi}\n", "no chat 'freinds' — did you mean 'friends'"),
        (GROUP + "  - ben: {in: friends, say: hi}\n", "'ben' is on messenger, and the chat on telegram"),
        (GROUP + "  - ana: {reply: hi}\n", "'in' is missing"),
        (GROUP + "  - ana: {in: friends, open: x}\n", "unknown key 'in'"),
        (GROUP + "  - ana: {join: freinds}\n", "no chat 'freinds' — did you mean 'friends'"),
        (GROUP + "  - ana: {add: ben, to: friends}\n", "'add': Input should be 'bot'"),
        (GROUP + "  - bot: {in: nowhere, says: x}\n", "no chat 'nowhere'"),
        (GROUP + "  - bot: {in: friends, to: ana}\n", "nothing is said to one person alone"),
        (TOP + "  - ana: hello\nshop: mine\n", "there is only 'demo' in this version"),
        (TOP + "  - ana: hello\nstepps: []\n", "unknown key 'stepps' — did you mean 'steps'"),
        (
            "story: x\npeople: {ana: {channel: telegraph}}\nsteps: [{ana: hi}]\n",
            "'telegram', 'messenger' or 'web'",
        ),
        ("story: x\npeople: {ana: {}}\nsteps: [{ana: hi}]\n", "'ana' has no channel"),
        ("story: x\npeople: {bot: {channel: web}}\nsteps: [{bot: {}}]\n", "nobody can be called 'bot'"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(file: Path, known: Known, content: str, words: str) -> None:
    assert words in mistakes(file, known, content)


def test_every_mistake_of_every_file_is_named_at_once(tmp_path: Path, known: Known) -> None:
    (tmp_path / "a.yml").write_text(f"{TOP}  - anna: hello\n  - bob: hello\n", "utf-8")
    (tmp_path / "b.yml").write_text(f"{TOP}  - clock: soon\n", "utf-8")
    with pytest.raises(Mistakes) as found:
        read_stories([tmp_path, tmp_path / "none.yml", tmp_path / "empty"], known)
    told = [str(mistake) for mistake in found.value.mistakes]
    assert len(told) == 5
    assert any("none.yml: there is no such file" in each for each in told)


def test_a_folder_without_stories_is_refused(tmp_path: Path, known: Known) -> None:
    with pytest.raises(Mistakes, match="there are no stories"):
        read_stories([tmp_path], known)


# ── the command ─────────────────────────────────────────────────────────────────────────────────────


def scenario(template: Template, tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    if not (home / "models").exists():
        (home / "models").symlink_to(template.home / "models")
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "scenario", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PARLEY_HOME": str(home), "COLUMNS": "200"},
    )


def test_a_story_that_does_not_hold_is_shown_as_it_was_and_ends_with_1(
    shop_template: Template, tmp_path: Path
) -> None:
    (tmp_path / "good.yml").write_text(f"{TOP}  - ana: hello\n  - bot: {{says: Welcome}}\n", "utf-8")
    (tmp_path / "bad.yml").write_text(f"{TOP}  - ana: hello\n  - bot: {{says: Goodbye}}\n", "utf-8")
    (tmp_path / "button.yml").write_text(f"{TOP}  - ana: hello\n  - ana: {{tap: Fly away}}\n", "utf-8")
    done = scenario(shop_template, tmp_path, str(tmp_path), "--json")
    assert done.returncode == 1, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["passed"], facts["failed"]) == (1, 2)
    bad, button, good = facts["stories"]
    assert good["passed"]
    assert bad["failure"]["line"] == 7
    assert bad["failure"]["expected"] == "Ana to hear “Goodbye”"
    assert "Welcome to Kettle & Quay" in bad["failure"]["found"]
    assert [line["by"] for line in bad["failure"]["transcript"]] == ["person", "shop", "shop"]
    assert "sees no button “Fly away”; there are" in button["failure"]["found"]
    assert "Browse the shop" in button["failure"]["found"]
    plain = scenario(shop_template, tmp_path, str(tmp_path / "bad.yml"), "--channel", "telegram")
    assert plain.returncode == 1
    assert f"{tmp_path / 'bad.yml'}:7" in plain.stdout
    assert "▸ hello" in plain.stdout
    assert "0 passed, 1 failed" in plain.stdout
    assert "✗ a test" in plain.stderr
    web = scenario(shop_template, tmp_path, str(tmp_path / "bad.yml"), "--channel", "web", "--json")
    assert json.loads(web.stdout)["left_out"] == [str(tmp_path / "bad.yml")]
    assert web.returncode == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["none.yml"], "none.yml: there is no such file"),
        (["good.yml", "--channel", "fax"], "there is no channel 'fax'; there are telegram, messenger, web"),
        (["good.yml", "--database", "oracle://x"], "is no PostgreSQL server"),
        (["good.yml", "--database", "nonsense"], "'nonsense' is no database"),
        (["good.yml", "--database", "postgresql://127.0.0.1:1/x"], "does not answer"),
    ],
)
def test_what_cannot_be_played_ends_with_2(
    shop_template: Template, tmp_path: Path, words: list[str], told: str
) -> None:
    (tmp_path / "good.yml").write_text(f"{TOP}  - ana: hello\n", "utf-8")
    done = scenario(shop_template, tmp_path, str(tmp_path / words[0]), *words[1:], "--json")
    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    assert told in done.stderr


def test_stories_are_played_on_postgresql_and_leave_no_database(
    shop_template: Template, tmp_path: Path, postgres_server: str
) -> None:
    (tmp_path / "good.yml").write_text(f"{TOP}  - ana: hello\n  - bot: {{says: Welcome}}\n", "utf-8")
    import psycopg  # noqa: PLC0415

    url = postgres_server.format(name="postgres")
    done = scenario(shop_template, tmp_path, str(tmp_path / "good.yml"), "--database", url, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["stories"][0]["database"] == "postgresql"
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT datname FROM pg_database").fetchall()
    assert not [name for (name,) in names if name.startswith("parley_scratch_")]
