"""Builds the real things and connects them; nothing else in Parley knows how they are made."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from app import engines
from app.answer_desk import AnswerDesk
from app.answering import knowledge_for
from app.retraining import Fit, Retraining
from app.settings import ROOT, Home, Secrets, Settings
from app.topics import IntentTopics
from bot import transcript
from bot.channels.messenger import MessengerChannel, Page
from bot.channels.messenger_sending import LastHeard
from bot.channels.port import Abilities, Channel, Draw
from bot.channels.web import HostedChannel
from bot.deals.inline import InlineDesk
from bot.deals.pictures import DealPictures
from bot.delivery.engine import Delivery
from bot.dialogue import flows, replies, slots
from bot.dialogue.hearing import Listener
from bot.dialogue.tokens import Tokens
from bot.events import Person
from bot.handler import Shop, ShopHandler
from bot.messages import DealPicture, Document, InlineOffers
from bot.notices import Notices
from bot.papers import NoSuchPaper, Papers
from knowledge_base.means import Means
from knowledge_base.passages import refresh_passage_vectors
from knowledge_base.service import KnowledgeBase
from nlu import labelled, trained, training_data
from nlu.embedding import Embedder, MiniLmEmbedder
from nlu.entities.extraction import EntityExtractor
from nlu.entities.vocabulary import Vocabulary
from nlu.interpreter import IntentInterpreter
from nlu.json_service import JsonService
from nlu.languages import LanguageDetector
from nlu.model import ModelFileError, ModelStore, TrainedModel
from nlu.multilingual import installed_embedder
from nlu.training_data import TrainingData
from nlu.understanding import Entity, Interpreter, Understanding
from payments.calls import ProviderCalls
from payments.stripe_gateway import StripeGateway
from shop.catalogue import queries
from shop.orders.service import NoSuchOrder
from storage.clock import Clock
from storage.engine import Database
from storage.migrate import upgrade

if TYPE_CHECKING:
    from bot.channels.telegram import TelegramChannel

log = structlog.get_logger()

FLOWS = ROOT / "flows"
TRAINING_DATA = ROOT / "nlu" / "data"
TELEGRAM_MENU = ("browse", "cart", "order", "help")
"""A tapped command reaches us as its word, and is understood like any other; the reply words_menu_… describes it."""
LOOK_SECONDS = 0.5  # a changed product is understood by name within this time, a new model used


@dataclass(frozen=True, slots=True)
class FarEnds:
    """Where Telegram, Messenger and Stripe are: None for the real ones, or our emulators' addresses."""

    telegram: str | None = None
    messenger: str | None = None
    stripe: str | None = None


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the shop understands with, by language, the main one first: examples, and the models made of them."""

    shipped: Mapping[str, TrainingData]  # without what staff labelled
    data: Mapping[str, TrainingData]
    models: Mapping[str, TrainedModel]
    embedder: Embedder | None
    """The main language's; goods and documents are found with it, too."""
    across: Embedder | None = None
    """Compares questions in the other languages with what is written in the main one."""

    @property
    def means(self) -> Means:
        """What questions are answered with."""
        return Means(self.embedder, self.across, IntentTopics(self.models.get))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What takes time to load: the database at today's schema, and what is needed to understand."""

    database: Database
    learnt: Learnt


class LearningInterpreter:
    """Our interpreter, which takes up the catalogue's words and its models anew whenever they changed."""

    def __init__(
        self,
        inner: IntentInterpreter,
        database: Database,
        store: ModelStore,
        data: Mapping[str, TrainingData],
        *,
        region: str,
        now: Callable[[], datetime],
    ) -> None:
        """`data` is each language's, for its lookups and synonyms; `now` the shop's time of day."""
        self._inner = inner
        self._database = database
        self._store = store
        self._data = data
        self._region = region
        self._now = now
        self._version: int | None = None
        self._looked = 0.0
        self._models = {language: store.current_id(language) for language in data}

    def parse(self, text: str, *, language: str | None = None) -> Understanding:
        self._look()
        return self._inner.parse(text, language=language)

    def entities(self, text: str, *, language: str | None = None) -> tuple[Entity, ...]:
        self._look()
        return self._inner.entities(text, language=language)

    def model(self, language: str) -> TrainedModel | None:
        """The model that read the last message of this language; None where there is none of its own."""
        found = self._inner.model(language)
        return found if found.card.language == language else None

    def _look(self) -> None:
        if self._version is not None and time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        self._look_at_catalogue()
        for language in self._data:
            self._look_at_model(language)

    def _look_at_catalogue(self) -> None:
        version = self._database.read(queries.catalogue_version)
        if version == self._version:
            return
        words = self._database.read(queries.vocabulary)
        vocabulary = Vocabulary(
            colors=words.colors,
            sizes=words.sizes,
            materials=words.materials,
            categories=words.categories,
            products={product.handle: product.title for product in words.products},
        )
        for language, data in self._data.items():
            self._inner.use_extractor(
                EntityExtractor(
                    language, vocabulary=vocabulary, region=self._region, data=data, now=self._now
                )
            )
        self._version = version

    def _look_at_model(self, language: str) -> None:
        """Another one was put to use: by a training in the console, or by `parley train` beside us."""
        current = self._store.current_id(language)
        if current is None or current == self._models[language]:
            return
        self._models[language] = current
        try:
            self._inner.use(self._store.load(current, embedder=self._inner.model(language).embedder))
        except ModelFileError as error:
            log.warning("model.unreadable", language=language, reason=str(error))  # the one in use goes on


@dataclass
class Parley:
    """One running shop: its parts, connected."""

    settings: Settings
    secrets: Secrets
    home: Home
    clock: Clock
    database: Database
    delivery: Delivery
    handler: ShopHandler
    shop: Shop
    interpreter: Interpreter
    knowledge: KnowledgeBase
    web: HostedChannel
    terminal: HostedChannel
    telegram: "TelegramChannel | None"
    messenger: MessengerChannel | None
    stripe: StripeGateway | None
    tokens: Tokens
    papers: Papers
    deal_pictures: DealPictures
    trainer: Retraining
    answer_desk: AnswerDesk
    services: tuple[JsonService, ...]  # outside help with understanding

    @property
    def notices(self) -> Notices:
        """Sentences to customers when no turn is under way."""
        return Notices(self.shop.profile, self.shop.replies, self.tokens)

    def close(self) -> None:
        """Let go of the database and of services outside; the delivery was stopped before."""
        for service in self.services:
            service.close()
        self.database.close()


def flow_files(folder: Path = FLOWS) -> list[Path]:
    """The files that flows are written in: all of the folder but the slots'."""
    return [path for path in sorted(folder.glob("*.yml")) if path.name != "slots.yml"]


def open_database(settings: Settings, secrets: Secrets, home: Home) -> Database:
    """The configured database, brought to this version's schema."""
    url = secrets.database_url.get_secret_value() if secrets.database_url else home.database_url
    database = Database.open(url, workers=settings.workers)
    upgrade(database)
    return database


def embedder_for(settings: Settings, language: str | None = None) -> Embedder | None:
    """The embedding model that the pipeline names, if it names one: for that language, the main one unless told."""
    language = language or settings.language
    named = settings.understanding_of(language).embedding
    if named is None:
        return None
    return MiniLmEmbedder(named.model) if named.model else installed_embedder(language)


def embedder_across(settings: Settings) -> Embedder | None:
    """The one that a shop of several languages compares them with; None where it speaks one, or embeds nothing."""
    if len(settings.languages) < 2:
        return None
    return next((embedder_for(settings, each) for each in settings.languages if each != "en"), None)


def read_training_data(settings: Settings) -> dict[str, TrainingData]:
    """What people say, in each language of the shop, the main one first, as it comes with Parley."""
    return {language: training_data.load(TRAINING_DATA / language) for language in settings.languages}


def with_labels(shipped: Mapping[str, TrainingData], database: Database) -> dict[str, TrainingData]:
    """The same with what staff labelled."""
    taught: dict[str, TrainingData] = {}
    for language, data in shipped.items():
        told = database.read(lambda session, language=language: labelled.examples(session, language))
        for problem in labelled.without_a_flow(told, data.intents):
            log.warning("label.unknown", problem=problem.message)
        taught[language] = data.taught(told)
    return taught


def trained_model(
    settings: Settings,
    home: Home,
    data: TrainingData,
    *,
    language: str,
    progress: Callable[[str, float], None] | None = None,
    force: bool = False,
) -> tuple[TrainedModel, bool]:
    """The model of a language's `data` and today's settings, and whether it had to be trained just now."""
    return trained.ensure_model(
        model_store(home),
        data,
        settings.understanding_of(language),
        embedder=embedder_for(settings, language),
        at=datetime.now(UTC),
        progress=progress,
        force=force,
    )


def model_in_use(settings: Settings, home: Home, language: str) -> TrainedModel:
    """The model that a language is understood with just now. Raises ModelFileError when there is none."""
    model = model_store(home).load_current(language, embedder=embedder_for(settings, language))
    if model is None:
        raise ModelFileError(f"no model of {language} is in use: train one with parley train")
    return model


def learn(
    settings: Settings,
    home: Home,
    database: Database,
    *,
    model_of: Callable[[str, TrainingData], TrainedModel] | None = None,
) -> Learnt:
    """Everything to understand with; unless `model_of` says otherwise, a model that is missing is trained now."""
    shipped = read_training_data(settings)
    data = with_labels(shipped, database)

    def ensured(language: str, data: TrainingData) -> TrainedModel:
        return trained_model(settings, home, data, language=language)[0]

    models = {language: (model_of or ensured)(language, examples) for language, examples in data.items()}
    return Learnt(shipped, data, models, embedder_for(settings), embedder_across(settings))


def interpreter_for(
    settings: Settings, home: Home, learnt: Learnt, database: Database, clock: Clock
) -> LearningInterpreter:
    """Understands every language of the shop."""
    main, *others = learnt.models.values()
    zone = ZoneInfo(settings.shop.time_zone)
    return LearningInterpreter(
        IntentInterpreter(main, others=others),
        database,
        model_store(home),
        learnt.data,
        region=settings.shop.country,
        now=lambda: clock.now().astimezone(zone),
    )


def means_in_use(settings: Settings, home: Home) -> Means:
    """What questions are answered with where no shop is open: a language that has no model yet has no topics."""
    embedder = embedder_for(settings)
    if embedder is None:
        return Means()

    @cache
    def model_of(language: str) -> TrainedModel | None:
        if language not in settings.languages:
            return None
        try:
            return model_store(home).load_current(language, embedder=embedder_for(settings, language))
        except ModelFileError as error:
            log.warning("model.unreadable", language=language, reason=str(error))
            return None

    return Means(embedder, embedder_across(settings), IntentTopics(model_of))


def read_documents_anew(settings: Settings, home: Home, database: Database) -> None:
    """Compare questions with the documents by the models in use; quick where nothing changed."""
    refresh_passage_vectors(database, means_in_use(settings, home))


def _learner(settings: Settings, home: Home, database: Database) -> Fit:
    """Trains, and reads the documents with what was learnt."""

    def fit(
        data: TrainingData, *, language: str, progress: Callable[[str, float], None]
    ) -> tuple[TrainedModel, bool]:
        model, trained = trained_model(settings, home, data, language=language, progress=progress)
        if trained:
            read_documents_anew(settings, home, database)
        return model, trained

    return fit


def model_store(home: Home) -> ModelStore:
    """Where the home keeps its intent models."""
    return ModelStore(home.models / "intent")


def build(  # noqa: PLR0913 - what a shop is made of; all but the first four by name
    settings: Settings,
    secrets: Secrets,
    home: Home,
    clock: Clock,
    *,
    loaded: Loaded,
    public_url: str,
    return_url: str | None = None,
    far_ends: FarEnds | None = None,
    one_at_a_time: bool = False,
) -> Parley:
    """Connect everything. Nothing has begun to run when it returns.

    `return_url` is where payment pages send people back to, if that is not the front page. `one_at_a_time`: see
    Delivery.
    """
    far_ends = far_ends or FarEnds()
    database, learnt = loaded.database, loaded.learnt
    rasa = engines.rasa_service(settings, secrets)
    own = interpreter_for(settings, home, learnt, database, clock)
    interpreter = engines.interpreter_with(rasa, own, settings)
    generator = engines.generator_service(settings, secrets)
    assistants = engines.assistants_with(generator, interpreter, settings)
    means = replace(learnt.means, topics=IntentTopics(own.model))
    knowledge = knowledge_for(settings, home, means)
    tokens = Tokens(home.secret())
    spoken = replies.read(FLOWS / "replies", languages=settings.languages)
    web, terminal = HostedChannel("web"), HostedChannel("terminal")
    papers = Papers(settings.shop, spoken, home.secret(), settings.server.public_url or public_url)
    pictures = DealPictures(settings.shop, spoken, home.media)
    draw = partial(_drawn, papers, pictures, database, clock)
    telegram = telegram_for(settings, secrets, home, clock, far_ends, menus=_menus(spoken), draw=draw)
    if telegram is not None:
        desk = InlineDesk(settings.shop, spoken, telegram.name)
        media_url = f"{settings.server.public_url or public_url}/media"
        telegram.offer_inline(partial(_offered, desk, database, clock), media_url=media_url)
    messenger = messenger_for(
        settings,
        secrets,
        home,
        clock,
        far_ends,
        last_heard=partial(_last_heard, database, MessengerChannel.name),
        public_url=public_url,
        draw=draw,
    )
    channels: dict[str, Channel] = {
        channel.name: channel for channel in (web, terminal, telegram, messenger) if channel
    }
    shop = Shop(
        profile=settings.shop,
        flows=flows.read(flow_files()),
        slots=slots.read(FLOWS / "slots.yml"),
        replies=spoken,
        tokens=tokens,
        knowledge=knowledge,
        abilities=_abilities(channels),
        return_url=return_url or public_url,
        papers=papers,
    )
    listener = Listener(interpreter, settings.languages, LanguageDetector(learnt.data))
    handler = ShopHandler(shop, listener, assistants)
    stripe = stripe_for(secrets, clock, far_ends)
    delivery = Delivery(
        database,
        clock,
        handler,
        senders=channels,
        caller=ProviderCalls(stripe).make,
        one_at_a_time=one_at_a_time,
    )
    return Parley(
        settings=settings,
        secrets=secrets,
        home=home,
        clock=clock,
        database=database,
        delivery=delivery,
        handler=handler,
        shop=shop,
        interpreter=interpreter,
        knowledge=knowledge,
        web=web,
        terminal=terminal,
        telegram=telegram,
        messenger=messenger,
        stripe=stripe,
        tokens=tokens,
        papers=papers,
        deal_pictures=pictures,
        trainer=Retraining(
            database,
            model_store(home),
            learnt.shipped,
            _learner(settings, home, database),
        ),
        answer_desk=AnswerDesk(database, spoken, means, delivery.wake),
        services=tuple(service for service in (rasa, generator) if service is not None),
    )


def _abilities(channels: Mapping[str, Channel]) -> dict[str, Abilities]:
    return {name: channel.abilities for name, channel in channels.items()}


def _menus(spoken: replies.Replies) -> dict[str, list[tuple[str, str]]]:
    """The commands in Telegram's menu with their descriptions, by language; "" is for everybody else."""
    menus = {
        language: [
            (word, unescape(spoken.render(f"words_menu_{word}", language, {}).text)) for word in TELEGRAM_MENU
        ]
        for language in spoken.languages
    }
    return {"": menus.pop(spoken.main), **menus}


def telegram_for(
    settings: Settings,
    secrets: Secrets,
    home: Home,
    clock: Clock,
    far_ends: FarEnds,
    *,
    menus: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    draw: Draw | None = None,
) -> "TelegramChannel | None":
    """The bot, where it is switched on and has its token. Raises ValueError for a token that is none."""
    if not settings.channels.telegram.enabled or secrets.telegram_token is None:
        return None
    from bot.channels.telegram import TelegramChannel  # noqa: PLC0415 - aiogram: six seconds

    payment, webhook = secrets.telegram_payment_token, secrets.telegram_webhook_secret
    return TelegramChannel(
        token=secrets.telegram_token.get_secret_value(),
        api_base=far_ends.telegram,
        payment_token=payment.get_secret_value() if payment else None,
        webhook_secret=webhook.get_secret_value() if webhook else None,
        media=home.media,
        clock=clock,
        menus=menus,
        draw=draw,
    )


def messenger_for(
    settings: Settings,
    secrets: Secrets,
    home: Home,
    clock: Clock,
    far_ends: FarEnds,
    *,
    last_heard: LastHeard,
    public_url: str,
    draw: Draw | None = None,
) -> MessengerChannel | None:
    """The page, where it is switched on and has all its keys."""
    token, app_secret = secrets.messenger_page_token, secrets.messenger_app_secret
    verify_token, chosen = secrets.messenger_verify_token, settings.channels.messenger
    if not chosen.enabled or token is None or app_secret is None or verify_token is None:
        return None
    templates = chosen.utility_templates
    page = Page(
        token=token.get_secret_value(),
        app_secret=app_secret.get_secret_value(),
        verify_token=verify_token.get_secret_value(),
        id=chosen.page_id,
        greeting=f"{settings.shop.name}. {settings.shop.promise}".strip(),
        templates={"order_update": templates.order_update} if templates.order_update else {},
        language=templates.language or settings.language,
    )
    return MessengerChannel(
        page,
        media=home.media,
        media_url=f"{public_url}/media",
        last_heard=last_heard,
        clock=clock,
        api_base=far_ends.messenger,
        draw=draw,
    )


async def _drawn(
    papers: Papers,
    pictures: DealPictures,
    database: Database,
    clock: Clock,
    wanted: Document | DealPicture,
) -> bytes | None:
    """The paper, or None where the order is not there or was not paid; or the picture of a deal."""
    if isinstance(wanted, DealPicture):
        return await pictures.draw(database, wanted)
    order, paper, language = wanted.order, wanted.paper, wanted.language
    try:
        return await papers.draw(database, order, paper, language, at=clock.now())
    except (NoSuchPaper, NoSuchOrder):
        return None


async def _offered(
    desk: InlineDesk, database: Database, clock: Clock, person: Person, typed: str
) -> InlineOffers:
    return await database.look(lambda session: desk.look(session, person, typed, at=clock.now()))


async def _last_heard(database: Database, channel: str, chat: str) -> datetime | None:
    return await database.look(lambda session: transcript.last_heard(session, f"{channel}:{chat}"))


def stripe_for(secrets: Secrets, clock: Clock, far_ends: FarEnds) -> StripeGateway | None:
    """The account, where it has its keys."""
    if secrets.stripe_key is None or secrets.stripe_webhook_secret is None:
        return None
    return StripeGateway(
        api_key=secrets.stripe_key.get_secret_value(),
        webhook_secret=secrets.stripe_webhook_secret.get_secret_value(),
        clock=clock,
        api_base=far_ends.stripe,
    )
