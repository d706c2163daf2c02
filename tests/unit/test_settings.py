"""config.yml and the environment: read once, and every mistake named with its mend."""

from pathlib import Path

import pytest

from app.settings import ROOT, read_secrets, read_settings
from storage.yaml_files import Mistakes

GOOD = (ROOT / "config.yml").read_text("utf-8")


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yml"
    path.write_text(text, "utf-8")
    return path


def test_the_config_that_is_shipped_is_right() -> None:
    assert read_settings(ROOT / "config.yml").shop.currency == "EUR"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("  port: 8080", "  prot: 8080"),
            r"config.yml:\d+: unknown key 'server.prot' — did you mean 'port'\?",
        ),
        (("channels:", "chanels:"), r"config.yml:\d+: unknown key 'chanels' — did you mean 'channels'\?"),
        (("currency: EUR", "currency: EURO"), r"config.yml:\d+: 'shop.currency': 'EURO' is no currency code"),
        (
            ("label: Express delivery", "lable: Express delivery"),
            r"unknown key 'shop.delivery.1.lable' — did you mean 'label'",
        ),
        (("  port: 8080", "  port: 80800"), r"'server.port': .*less than or equal to 65535"),
        (
            ("- name: CharFeaturizer", "- name: CharFeaturiser"),
            r"config.yml:\d+: 'pipeline': .*CharFeaturizer",
        ),
        (("updates: polling", "updates: pulling"), r"'channels.telegram.updates': .*'polling' or 'webhook'"),
        (("code: express", "code: standard"), r"two delivery options share a code"),
        (
            ("messenger: {enabled: true}", "messenger: {page: 1}"),
            r"unknown key 'channels.messenger.page' — did you mean 'page_id'\?",
        ),
        (
            ("messenger: {enabled: true}", "messenger: {page_id: kettle}"),
            r"'channels.messenger.page_id': .*pattern",
        ),
        (
            ("messenger: {enabled: true}", "messenger: {utility_templates: {order_news: x}}"),
            r"unknown key 'channels.messenger.utility_templates.order_news'",
        ),
        (("server:", "server: ["), r"config.yml:\d+: is not valid YAML"),
        (("  name: Kettle & Quay\n", ""), r"config.yml:\d*:? ?'shop.name' is missing"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_mend(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    assert change[0] in GOOD
    path = written(tmp_path, GOOD.replace(*change, 1))
    with pytest.raises(Mistakes, match=message):
        read_settings(path)


def test_a_pages_id_may_be_written_as_a_number(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("messenger: {enabled: true}", "messenger: {page_id: 100200300400}"))
    assert read_settings(path).channels.messenger.page_id == "100200300400"


def test_a_missing_config_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(Mistakes, match="there is no such file"):
        read_settings(tmp_path / "nowhere.yml")


def test_secrets_come_from_the_environment_and_do_not_show() -> None:
    secrets = read_secrets({"PARLEY_STRIPE_KEY": "sk_live_very_secret", "HOME": "/"})
    assert secrets.stripe_key is not None
    assert secrets.stripe_key.get_secret_value() == "sk_live_very_secret"
    assert "very_secret" not in repr(secrets)


def test_an_unknown_variable_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(Mistakes, match="PARLEY_STRIPE_KYE — did you mean 'PARLEY_STRIPE_KEY'"):
        read_secrets({"PARLEY_STRIPE_KYE": "x"})
