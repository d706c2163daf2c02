"""config.yml holds choices, the environment secrets; both are read once, into frozen settings.

Unknown keys are refused with the nearest known one, in the file and in the environment alike.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from nlu.pipeline import PipelineSettings
from shop.profile import ShopProfile
from shop.section import Section
from storage import yaml_files
from storage.yaml_files import Mistake, Mistakes

ENVIRONMENT_PREFIX = "PARLEY_"
OTHER_VARIABLES = {"PARLEY_HOME", "PARLEY_CONFIG"}
ROOT = Path(__file__).parent.parent
THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}


class ServerSettings(Section):
    """Where the web server listens, and under which address the world sees it."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str | None = None  # e.g. https://shop.example; needed for webhooks and payment pages
    body_max_kilobytes: int = Field(default=512, ge=1, le=10_240)


class TelegramSettings(Section):
    """The Telegram bot. Its token is PARLEY_TELEGRAM_TOKEN."""

    enabled: bool = True
    updates: Literal["polling", "webhook"] = "polling"


def _digits(value: object) -> object:
    """YAML reads a long number where an id is meant."""
    return str(value) if type(value) is int else value


PageId = Annotated[str, BeforeValidator(_digits), Field(pattern="^[0-9]+$")]


class UtilityTemplates(Section):
    """Names of approved utility templates, each with one variable in its body, for what is said after 24 hours."""

    order_update: str | None = None
    language: str | None = None  # as they were approved, e.g. en_US; default: the shop's language


class MessengerSettings(Section):
    """The Facebook page. Its keys are PARLEY_MESSENGER_PAGE_TOKEN, …_APP_SECRET and …_VERIFY_TOKEN."""

    enabled: bool = True
    page_id: PageId | None = None  # default: the page that the token belongs to
    utility_templates: UtilityTemplates = UtilityTemplates()


class WebSettings(Section):
    """The web chat."""

    enabled: bool = True


class ChannelSettings(Section):
    telegram: TelegramSettings = TelegramSettings()
    messenger: MessengerSettings = MessengerSettings()
    web: WebSettings = WebSettings()


def _without_secrets(url: str) -> str:
    """An address that may stand in a file that is shared."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is no address such as http://127.0.0.1:5005")
    if parts.username or parts.password or parts.query:
        raise ValueError("an address here has no user, password or ?…: secrets come from the environment")
    return url


ServiceUrl = Annotated[str, AfterValidator(_without_secrets)]


class NluSettings(Section):
    """Which engine understands messages: our own, or a running Rasa server. Its token is PARLEY_RASA_TOKEN."""

    engine: Literal["parley", "rasa"] = "parley"
    url: ServiceUrl | None = None  # of the Rasa server
    timeout_seconds: float = Field(default=2.0, ge=0.05, le=30)
    pause_seconds: float = Field(default=5.0, ge=0, le=300)  # a server that failed is left alone so long
    refuse_below: float = Field(default=0.3, ge=0, le=1)  # Rasa's confidence

    @model_validator(mode="after")
    def _has_its_server(self) -> Self:
        if self.engine == "rasa" and self.url is None:
            raise ValueError("engine: rasa needs the server's address: url: http://127.0.0.1:5005")
        return self


class GeneratorSettings(Section):
    """A language model behind an OpenAI-compatible endpoint. Its key is PARLEY_GENERATOR_KEY."""

    enabled: bool = False
    url: ServiceUrl | None = None  # up to and with its version, e.g. https://models.example/v1
    model: str | None = None
    timeout_seconds: float = Field(default=6.0, ge=0.1, le=30)
    pause_seconds: float = Field(default=30.0, ge=0, le=300)  # one that failed is left alone so long
    use: tuple[Literal["commands", "wording"], ...] = ("commands", "wording")

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        if self.enabled and (self.url is None or self.model is None):
            raise ValueError("a generator that is enabled needs its url and its model")
        if self.url and self.url.startswith("http://") and urlsplit(self.url).hostname not in THIS_MACHINE:
            raise ValueError("what customers write leaves this machine by https:// only")
        return self


class LogSettings(Section):
    """`text` for people, `json` for machines."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


def _once_each(languages: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(languages)) < len(languages):
        raise ValueError(f"a language is named twice: {', '.join(languages)}")
    return languages


Languages = Annotated[
    tuple[Annotated[str, Field(pattern="^[a-z]{2,3}$")], ...], Field(min_length=1), AfterValidator(_once_each)
]


class Settings(Section):
    """All of config.yml. `pipeline` is written as in Rasa's; of `languages` the first is the main one."""

    shop: ShopProfile
    languages: Languages = ("en",)
    pipeline: list[dict[str, Any]] | None = None
    nlu: NluSettings = NluSettings()
    generator: GeneratorSettings = GeneratorSettings()
    server: ServerSettings = ServerSettings()
    channels: ChannelSettings = ChannelSettings()
    workers: int = Field(default=4, ge=1, le=64)  # database threads on PostgreSQL
    log: LogSettings = LogSettings()

    @property
    def language(self) -> str:
        """The main language: the catalogue's, the documents' and the staff's."""
        return self.languages[0]

    @property
    def understanding(self) -> PipelineSettings:
        """How the main language is understood."""
        return self.understanding_of(self.language)

    def understanding_of(self, language: str) -> PipelineSettings:
        """The pipeline, for one language."""
        given = {"pipeline": self.pipeline} if self.pipeline is not None else {}
        return PipelineSettings.model_validate({"language": language, **given})


class Secrets(BaseSettings):
    """What must not be in a file that is shared. Each is PARLEY_<NAME> in the environment."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="forbid")

    database_url: SecretStr | None = None  # default: SQLite in the home folder
    telegram_token: SecretStr | None = None
    telegram_payment_token: SecretStr | None = None  # from BotFather; without it Telegram buyers get a link
    telegram_webhook_secret: SecretStr | None = None
    messenger_page_token: SecretStr | None = None
    messenger_app_secret: SecretStr | None = None
    messenger_verify_token: SecretStr | None = (
        None  # of our own choice; Meta repeats it when the webhook is set up
    )
    stripe_key: SecretStr | None = None
    stripe_webhook_secret: SecretStr | None = None
    staff_password: SecretStr | None = None
    generator_key: SecretStr | None = None
    rasa_token: SecretStr | None = None  # as given to `rasa run --auth-token`


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds everything that is ever written."""

    folder: Path

    def __post_init__(self) -> None:
        for folder in (self.folder, self.media, self.models, self.sandbox):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def media(self) -> Path:
        return self.folder / "media"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def sandbox(self) -> Path:
        return self.folder / "sandbox"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{(self.folder / 'parley.db').absolute()}"

    def secret(self) -> bytes:
        """The key that signs buttons and cookies; made on first use, readable by its owner only."""
        path = self.folder / "secret.key"
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
        except FileExistsError:
            pass  # made before
        return path.read_bytes()


def read_settings(path: Path) -> Settings:
    """Read config.yml. Raises Mistakes."""
    content = yaml_files.load(path)
    settings = yaml_files.parse(Settings, content, path)
    try:
        _ = settings.understanding
    except ValueError as error:
        line = yaml_files.line_of(content, ["pipeline"])
        reason = str(error).replace("\n", "; ")
        raise Mistakes([Mistake(path, line, f"'pipeline': {reason}")]) from error
    return settings


def read_secrets(environment: Mapping[str, str] = os.environ) -> Secrets:
    """Read the environment. Raises Mistakes for a PARLEY_… variable that means nothing to us."""
    known = {f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in Secrets.model_fields} | OTHER_VARIABLES
    unknown = [name for name in environment if name.startswith(ENVIRONMENT_PREFIX) and name not in known]
    if unknown:
        raise Mistakes(
            Mistake(Path("environment"), None, f"unknown variable {name}{yaml_files.nearest(name, known)}")
            for name in sorted(unknown)
        )
    values = {name: environment.get(f"{ENVIRONMENT_PREFIX}{name.upper()}") for name in Secrets.model_fields}
    return Secrets.model_validate({name: value for name, value in values.items() if value})
