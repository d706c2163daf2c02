"""The command line. `--json` on each command prints one JSON object and nothing else on standard output.

Errors go to standard error, say what to do, and end with exit code 2.

Each command imports its work when it runs: all of it takes twelve seconds of processor time, of which `--help` needs none.
"""

import functools
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.console import Console

from app import report
from app.options import DATA, EXPORTS, KNOWLEDGE, QUESTIONS, REFUSE, DrawingFormat, FileKind
from app.report import Answer, Failure
from app.settings import ROOT
from nlu.rasa_project import EPOCHS
from storage.yaml_files import Mistakes

P = ParamSpec("P")
errors = Console(stderr=True, highlight=False)

app = typer.Typer(
    help="Parley, the shop that lives in your chat.\n\nTry it with `make demo`; the README has the rest.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
imports = typer.Typer(help="Bring in products, group deals or knowledge.", no_args_is_help=True)
app.add_typer(imports, name="import")
flows = typer.Typer(help="Pictures of flows, and the form of their files.", no_args_is_help=True)
app.add_typer(flows, name="flows")
benches = typer.Typer(
    help="Measure Parley on this machine; all there is to measure unless one is named.",
    invoke_without_command=True,
)
app.add_typer(benches, name="bench")
sales = typer.Typer(help="Lower prices from one day to another.", no_args_is_help=True)
app.add_typer(sales, name="sale")
deals = typer.Typer(help="Group deals: what costs less when people buy it together.", no_args_is_help=True)
app.add_typer(deals, name="deal")
coupons = typer.Typer(help="Coupons that customers may use.", no_args_is_help=True)
app.add_typer(coupons, name="coupon")
nlu = typer.Typer(help="Examples for other engines.", no_args_is_help=True)
app.add_typer(nlu, name="nlu")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
HomeFolder = Annotated[
    Path, typer.Option("--home", envvar="PARLEY_HOME", help="Folder for everything that is ever written.")
]
ConfigFile = Annotated[Path, typer.Option("--config", envvar="PARLEY_CONFIG", help="The config.yml to use.")]
Port = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port of the web server.")]
Language = Annotated[str | None, typer.Option(help="One of the shop's languages; its main one unless told.")]
HOME = Path("var")
CONFIG = ROOT / "config.yml"


def answers(function: Callable[P, Answer]) -> Callable[P, None]:
    """Show what a command answers, as text or JSON; say plainly what went wrong, and exit with 2."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            answer = function(*args, **kwargs)
        except (Failure, Mistakes) as failure:
            _complain(str(failure))
            raise typer.Exit(2) from failure
        except KeyboardInterrupt:
            _complain("stopped")
            raise typer.Exit(130) from None
        if answer.lines:
            _print("\n".join(answer.lines))
        elif kwargs.get("as_json"):
            _print(json.dumps(answer.facts, default=str, ensure_ascii=False))
        else:
            report.show(answer)
        if not answer.fine:
            raise typer.Exit(1)
        if answer.stopped:
            raise typer.Exit(130)

    return run


def _print(text: str) -> None:
    """Half a surrogate pair, as in a byte that is no UTF-8, is written as JSON writes it."""
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")


def _complain(text: str) -> None:
    errors.print(text, style="red", markup=False, soft_wrap=True)


@app.command()
def demo(
    home: HomeFolder = HOME, config: ConfigFile = CONFIG, port: Port = None, as_json: AsJson = False
) -> None:
    """Open the demo shop with its sandbox: no keys, no account."""
    _serve(home, config, port, sandbox=True, as_json=as_json)


@app.command()
def serve(
    home: HomeFolder = HOME, config: ConfigFile = CONFIG, port: Port = None, as_json: AsJson = False
) -> None:
    """Run for real: config.yml and the environment's secrets; polling or webhooks."""
    _serve(home, config, port, sandbox=False, as_json=as_json)


def _serve(home: Path, config: Path, port: int | None, *, sandbox: bool, as_json: bool) -> None:
    from app import running_commands

    try:
        running_commands.serve(home, config, port=port, sandbox=sandbox, as_json=as_json)
    except (Failure, Mistakes) as failure:
        _complain(str(failure))
        raise typer.Exit(2) from failure


@app.command()
def chat(home: HomeFolder = HOME, config: ConfigFile = CONFIG, port: Port = None) -> None:
    """Talk to the shop in the terminal; uses the running server, or opens the demo for itself."""
    from app import running_commands

    try:
        running_commands.chat(home, config, port=port)
    except (Failure, Mistakes) as failure:
        _complain(str(failure))
        raise typer.Exit(2) from failure


@app.command()
@answers
def check(home: HomeFolder = HOME, config: ConfigFile = CONFIG, as_json: AsJson = False) -> Answer:
    """Config, flows, replies, training data: every mistake, with file and fix."""
    from app import authoring_commands

    del home, as_json
    return authoring_commands.check(config)


@flows.command("draw")
@answers
def draw_flows(
    names: Annotated[list[str] | None, typer.Argument(help="Flows by name; all of them unless told.")] = None,
    form: Annotated[DrawingFormat, typer.Option("--format", help="Mermaid or Graphviz text.")] = "mermaid",
    output: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
    as_json: AsJson = False,
) -> Answer:
    """Draw flows: steps, branches, questions, outcomes, links and calls."""
    from app import authoring_commands

    del as_json
    return authoring_commands.draw_flows(names or [], form=form, output=output)


@flows.command("schema")
@answers
def flow_schema(
    kind: Annotated[
        FileKind, typer.Argument(help="What kind of file: flows, slots, replies or training.")
    ] = "flows",
    as_json: AsJson = False,
) -> Answer:
    """Print the JSON Schema of a kind of file, for editors; docs/schemas holds them all."""
    from app import authoring_commands

    del as_json
    return authoring_commands.flow_schema(kind)


@imports.command("products")
@answers
def import_products(
    file: Annotated[Path, typer.Argument(help="A Shopify product CSV.")],
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Bring in a Shopify product CSV; every bad row is named. Importing twice changes nothing."""
    from app import catalogue_commands

    return catalogue_commands.import_products(home, config, file, quiet=as_json)


@imports.command("deals")
@answers
def import_deals(
    file: Annotated[Path, typer.Argument(help="A YAML file of deals, as sandbox/demo_shop/deals.yml.")],
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Bring in group deals and publish them; every mistake is named. Importing twice changes nothing."""
    from app import deal_commands

    del as_json
    return deal_commands.import_file(home, config, file)


@imports.command("knowledge")
@answers
def import_knowledge(
    places: Annotated[
        list[str],
        typer.Argument(
            help="Files (Markdown, HTML, PDF, DOCX, CSV of question,answer), folders, or the address of a sitemap."
        ),
    ],
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Bring in the documents that questions are answered from."""
    from app import knowledge_commands

    return knowledge_commands.import_knowledge(home, config, places, quiet=as_json)


@app.command()
@answers
def train(
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    force: Annotated[
        bool, typer.Option(help="Train even if nothing changed; adopt even if it is worse.")
    ] = False,
    as_json: AsJson = False,
) -> Answer:
    """Train the shop's intent model; one that is worse than the one in use is refused."""
    from app import understanding_commands

    return understanding_commands.train(home, config, force=force, quiet=as_json)


@nlu.command("export")
@answers
def export_rasa(
    rasa: Annotated[Path, typer.Option("--rasa", help="The folder for a project of Rasa 3.6.")],
    language: Annotated[
        str | None, typer.Option(help="Of the examples; the shop's main one unless told.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, max=1000, help="How long Rasa shall learn.")] = EPOCHS,
    force: Annotated[bool, typer.Option(help="Write into a folder that is not empty.")] = False,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Write the training examples as a project that Rasa 3.6 trains as it is."""
    from app import understanding_commands
    from app.wiring import TRAINING_DATA

    del as_json
    return understanding_commands.export_rasa(
        config, rasa, language=language, epochs=epochs, force=force, data_folder=TRAINING_DATA
    )


@app.command()
@answers
def evaluate(
    file: Annotated[Path | None, typer.Argument(help="Rasa YAML, or CSV with text,intent.")] = None,
    knowledge: Annotated[
        bool,
        typer.Option("--knowledge", help="Instead: ask again what staff answered, and what helped people."),
    ] = False,
    train_file: Annotated[
        Path | None, typer.Option("--train", help="Train the pipeline on this file alone first.")
    ] = None,
    out_of_scope: Annotated[str | None, typer.Option(help="The label of what must be refused.")] = None,
    language: Language = None,
    seed: Annotated[int, typer.Option(help="Fixes the training's chance.")] = 0,
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Score the intent model on FILE, or the knowledge base on the shop's own questions."""
    from app import knowledge_commands, understanding_commands

    if knowledge:
        return knowledge_commands.evaluate(home, config)
    if file is None:
        raise Failure("Name a file of messages with their intents, or add --knowledge.")
    return understanding_commands.evaluate(
        home,
        config,
        file,
        train_file=train_file,
        language=language,
        out_of_scope=out_of_scope,
        seed=seed,
        quiet=as_json,
    )


@app.command()
@answers
def week(home: HomeFolder = HOME, config: ConfigFile = CONFIG, as_json: AsJson = False) -> Answer:
    """The last seven days: how many questions were answered, what is missing, which documents to look at again."""
    from app import knowledge_commands

    del as_json
    return knowledge_commands.week(home, config)


@app.command()
@answers
def reconcile(
    since: Annotated[int, typer.Option("--since", min=1, max=365, help="How many days back.")] = 30,
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Our books against Stripe's: names each difference, mends what is safe; exits with 1 if one is left."""
    from app import money_commands

    del as_json
    return money_commands.compare(home, config, days=since)


@app.command()
@answers
def statement(
    order: Annotated[str | None, typer.Argument(help="An order, such as 7K3Q9T.")] = None,
    day: Annotated[str | None, typer.Option(help="A day, such as 2026-11-22; today unless told.")] = None,
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """The ledger of an order, posting by posting, or of a day, account by account."""
    from app import money_commands

    del as_json
    return money_commands.statement(home, config, order=order, day=day)


@app.command()
@answers
def doctor(home: HomeFolder = HOME, config: ConfigFile = CONFIG, as_json: AsJson = False) -> Answer:
    """Look at keys, webhooks, permissions, clock and database, and say what to do; exit code 1 where something is wrong."""
    from app.doctor import command

    del as_json
    return command.run(home, config)


@app.command()
@answers
def parse(
    text: Annotated[str | None, typer.Argument(help="What a customer might write.")] = None,
    file: Annotated[Path | None, typer.Option(help="One message a line; gives one JSON line a line.")] = None,
    language: Annotated[
        str | None, typer.Option(help="The language it is in; told by its words unless named.")
    ] = None,
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Show how a message is understood: intents with probabilities, entities, refusal score, timing."""
    from app import understanding_commands

    del as_json
    return understanding_commands.parse(home, config, text, file=file, language=language)


@app.command()
@answers
def ask(
    text: Annotated[str, typer.Argument(help="A question a customer might ask.")],
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Show what the knowledge base answers, with its source and score."""
    from app import knowledge_commands

    del as_json
    return knowledge_commands.ask(home, config, text)


@app.command()
@answers
def search(
    text: Annotated[str, typer.Argument(help="What a customer might look for.")],
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Find products in words, with scores."""
    from app import catalogue_commands

    del as_json
    return catalogue_commands.search(home, config, text)


@app.command()
@answers
def replay(
    conversation: Annotated[
        str, typer.Argument(help="Its number on the staff page, part of its key, or an order's reference.")
    ],
    turn: Annotated[int | None, typer.Option(min=1, help="This turn alone.")] = None,
    last: Annotated[int | None, typer.Option(min=1, help="The newest turns, so many of them.")] = None,
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Step through a conversation: what was said, understood, decided, changed and answered, and why."""
    from app import conversation_commands

    del as_json
    return conversation_commands.replay(home, config, conversation, turn=turn, last=last)


@app.command()
@answers
def scenario(
    paths: Annotated[list[Path], typer.Argument(help="Story files, or folders of them.")],
    channel: Annotated[
        str | None, typer.Option(help="Play on this channel: telegram, messenger or web.")
    ] = None,
    database: Annotated[
        str, typer.Option(help="sqlite, postgresql (a server from a wheel), or a PostgreSQL server's URL.")
    ] = "sqlite",
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Play stories: several people, channels, a clock and faults, against the demo shop in the sandbox."""
    from app import rehearsal_commands

    return rehearsal_commands.scenario(home, config, paths, channel=channel, database=database, quiet=as_json)


@app.command()
@answers
def simulate(
    people: Annotated[int, typer.Option(min=1, help="How many people come.")] = 100,
    days: Annotated[int, typer.Option(min=1, max=366, help="Over how many simulated days.")] = 30,
    seed: Annotated[
        int, typer.Option(help="Decides all that happens: on SQLite the same seed is the same run.")
    ] = 1,
    faults: Annotated[
        str,
        typer.Option(help="What goes wrong: duplicates,delay,reorder,timeout,429,5xx,decline,kill; or all."),
    ] = "",
    database: Annotated[
        str, typer.Option(help="sqlite, postgresql (a server from a wheel), or a server's postgresql:// URL.")
    ] = "sqlite",
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Let many simulated people use the demo shop, and check after every step that all holds.

    Exit code 1 says that something did not hold, 130 that Ctrl-C ended it before its time and all held until then.
    """
    from app import rehearsal_commands

    return rehearsal_commands.simulate(
        home, config, people=people, days=days, seed=seed, faults=faults, database=database, quiet=as_json
    )


DataFolder = Annotated[Path, typer.Option("--data", help="Folder of the public data sets.")]
Quick = Annotated[bool, typer.Option("--quick", help="Leave out what takes minutes.")]


@app.command()
@answers
def calibrate(
    questions: Annotated[
        list[Path],
        typer.Argument(help="CSV with question, document, heading; both empty where nothing answers."),
    ],
    documents: Annotated[Path, typer.Option("--knowledge", help="File or folder that answers.")],
    refuse: Annotated[
        float, typer.Option(min=0.5, max=1, help="Share of unanswerable questions to refuse.")
    ] = REFUSE,
    embedding_of: Annotated[
        str | None, typer.Option(help="For the embedding of another language than the shop's main one.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Where to write, instead of the home.")] = None,
    afresh: Annotated[bool, typer.Option(help="Start from nothing, not from what is known.")] = False,
    asked_in: Annotated[
        str | None, typer.Option(help="The questions' language, where it is not the documents'.")
    ] = None,
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Learn from your questions which passages answer, and when to refuse."""
    from app import bench, calibrating

    del as_json
    return calibrating.run(
        home,
        config,
        questions,
        calibrating.Choices(documents, refuse, embedding_of, file, afresh, asked_in),
        tell=bench.say,
    )


@benches.callback()
def bench_all(
    context: typer.Context,
    data: DataFolder = DATA,
    quick: Quick = False,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Run every benchmark, where none is named."""
    if context.invoked_subcommand is None:
        _bench_all(data=data, quick=quick, config=config, as_json=as_json)


@answers
def _bench_all(data: Path, quick: bool, config: Path, as_json: bool) -> Answer:
    from app import bench

    del as_json
    return bench.everything(config, data=data, quick=quick)


@benches.command("nlu")
@answers
def bench_nlu(
    data: DataFolder = DATA,
    quick: Quick = False,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Understanding: accuracy, refusal, speed, memory and training time, beside simpler pipelines."""
    from app import bench

    del as_json
    return bench.nlu(config, data=data, quick=quick)


@benches.command("search")
@answers
def bench_search(
    data: Annotated[Path, typer.Option("--data", help="Folder of Shopify exports (*.csv).")] = EXPORTS,
    products: Annotated[int, typer.Option(min=1, help="How many products are made up.")] = 43_000,
    queries: Annotated[int, typer.Option(min=1, help="How many products are looked for.")] = 500,
    database: Annotated[
        str | None,
        typer.Option(
            help="Measure there too: postgresql (a server from a wheel), or a PostgreSQL server's URL."
        ),
    ] = None,
    quick: Quick = False,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Product search: recall, speed, memory and building, beside SQLite FTS5, bm25s and tantivy."""
    from app import bench

    del as_json
    return bench.search(config, data=data, products=products, queries=queries, quick=quick, postgres=database)


@benches.command("knowledge")
@answers
def bench_knowledge(
    questions: Annotated[
        list[Path] | None,
        typer.Option(help="CSV with question, document, heading; BM25's threshold is chosen on the first."),
    ] = None,
    documents: Annotated[Path, typer.Option("--knowledge", help="File or folder that answers.")] = KNOWLEDGE,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Answers from documents: right, wrong and refused, beside full text alone."""
    from app import bench

    del as_json
    return bench.knowledge(config, questions=questions or QUESTIONS, documents=documents)


@benches.command("deals")
@answers
def bench_deals(
    people: Annotated[int, typer.Option(min=1, help="How many people tap.")] = 2000,
    groups: Annotated[int, typer.Option(min=1, help="On how many groups of three.")] = 300,
    database: Annotated[
        list[str] | None,
        typer.Option(help="sqlite, postgresql (a server from a wheel), or a server's URL; both unless told."),
    ] = None,
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """A flash deal on both databases: how long a tap takes, beside a bare counter, and whether every rule held.

    Exit code 1 says that one was broken.
    """
    from app import bench

    del as_json
    databases = database or ["sqlite", "postgresql"]
    return bench.deals(config, home, people=people, groups=groups, databases=databases)


@sales.command("add")
@answers
def add_sale(
    handle: Annotated[str, typer.Argument(help="The product's handle, such as black-mug.")],
    price: Annotated[str, typer.Option(help="What it costs meanwhile, such as 9.90.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day.")],
    starts: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day; now unless told.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind of it, such as Sand.")] = None,
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Plan a sale: `parley sale add black-mug --price 9.90 --from 2026-11-27 --until 2026-11-30`."""
    from app import sale_commands

    del as_json
    first = starts.date() if starts else None
    return sale_commands.add(home, config, handle, price=price, starts=first, until=until.date(), kind=kind)


@sales.command("list")
@answers
def list_sales(home: HomeFolder = HOME, config: ConfigFile = CONFIG, as_json: AsJson = False) -> Answer:
    """Sales that are planned or running."""
    from app import sale_commands

    del as_json
    return sale_commands.listed(home, config)


@sales.command("end")
@answers
def end_sale(
    handle: Annotated[str, typer.Argument(help="The product's handle.")],
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """End a product's sales now; orders that were placed keep their price."""
    from app import sale_commands

    del as_json
    return sale_commands.end(home, config, handle)


DealCode = Annotated[str, typer.Argument(help="The deal's code, such as honey-for-three.")]


@deals.command("list")
@answers
def list_deals(home: HomeFolder = HOME, config: ConfigFile = CONFIG, as_json: AsJson = False) -> Answer:
    """Every group deal: its state, prices, window, and how much of its quota is used."""
    from app import deal_commands

    del as_json
    return deal_commands.listed(home, config)


@deals.command("pause")
@answers
def pause_deal(
    code: DealCode, home: HomeFolder = HOME, config: ConfigFile = CONFIG, as_json: AsJson = False
) -> Answer:
    """Pause a deal that is live: groups that began go on, no other begins."""
    from app import deal_commands

    del as_json
    return deal_commands.pause(home, config, code)


@deals.command("resume")
@answers
def resume_deal(
    code: DealCode, home: HomeFolder = HOME, config: ConfigFile = CONFIG, as_json: AsJson = False
) -> Answer:
    """Have a paused deal live again."""
    from app import deal_commands

    del as_json
    return deal_commands.resume(home, config, code)


@deals.command("end")
@answers
def end_deal(
    code: DealCode, home: HomeFolder = HOME, config: ConfigFile = CONFIG, as_json: AsJson = False
) -> Answer:
    """End a deal now; groups that began may still fill."""
    from app import deal_commands

    del as_json
    return deal_commands.end(home, config, code)


@deals.command("post")
@answers
def post_deal(
    code: DealCode,
    channel: Annotated[str, typer.Option(help="The Telegram channel, as @kettleandquay.")],
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Post a deal with its picture in a Telegram channel where the bot is an administrator."""
    from app import deal_commands

    del as_json
    return deal_commands.post(home, config, code, channel=channel)


@deals.command("cancel")
@answers
def cancel_deal(
    code: DealCode, home: HomeFolder = HOME, config: ConfigFile = CONFIG, as_json: AsJson = False
) -> Answer:
    """Call a deal off: its groups that still fill end, and everybody in them has their money back."""
    from app import deal_commands

    del as_json
    return deal_commands.cancel(home, config, code)


@deals.command("forecast")
@answers
def forecast_deal(
    code: DealCode,
    size: Annotated[int | None, typer.Option(help="Of so many people; else as the deal has it.")] = None,
    hours: Annotated[int | None, typer.Option(help="Within so many hours; else as the deal has it.")] = None,
    price: Annotated[str | None, typer.Option(help="At this price together, such as 18.00.")] = None,
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """How likely the next group is to fill, judging by past ones, and what it brings; honest about too few."""
    from app import forecast_command

    del as_json
    return forecast_command.run(home, config, code, size=size, hours=hours, price=price)


@coupons.command("add")
@answers
def add_coupon(
    code: Annotated[str, typer.Argument(help="What customers say: SPRING10.")],
    percent: Annotated[int | None, typer.Option(help="So many percent off.")] = None,
    amount: Annotated[str | None, typer.Option(help="So much off: 5.00. Needs a larger --minimum.")] = None,
    minimum: Annotated[str | None, typer.Option(help="What its goods must cost at least: 30.00.")] = None,
    starts: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day.")] = None,
    uses: Annotated[int | None, typer.Option(min=1, help="How many orders may use it in all.")] = None,
    per_customer: Annotated[int | None, typer.Option(min=1, help="How many of one customer.")] = None,
    first_order: Annotated[bool, typer.Option("--first-order", help="Only for a first order.")] = False,
    category: Annotated[list[str] | None, typer.Option(help="Only these categories.")] = None,
    product: Annotated[list[str] | None, typer.Option(help="Only these products, by handle.")] = None,
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """Offer a coupon: `parley coupon add SPRING10 --percent 10 --until 2027-05-31`."""
    from app import coupon_commands

    del as_json
    wanted = coupon_commands.Wanted(
        code=code,
        percent=percent,
        amount=amount,
        minimum=minimum,
        starts=starts.date() if starts else None,
        until=until.date() if until else None,
        uses=uses,
        per_customer=per_customer,
        first_order=first_order,
        categories=category or (),
        products=product or (),
    )
    return coupon_commands.add(home, config, wanted)


@coupons.command("list")
@answers
def list_coupons(home: HomeFolder = HOME, config: ConfigFile = CONFIG, as_json: AsJson = False) -> Answer:
    """Every coupon, what it takes off, and how often it is in use."""
    from app import coupon_commands

    del as_json
    return coupon_commands.listed(home, config)


@coupons.command("end")
@answers
def end_coupon(
    code: Annotated[str, typer.Argument(help="The coupon's code.")],
    home: HomeFolder = HOME,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> Answer:
    """End a coupon now; orders that have it keep it."""
    from app import coupon_commands

    del as_json
    return coupon_commands.end(home, config, code)


def main() -> None:
    """The `parley` script."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    app()
