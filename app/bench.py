"""`parley bench`: how good and how fast Parley is on this machine, beside what it could be compared with."""

import os
import platform
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from rich.console import Console, Group
from rich.table import Table

from app.benchmarks import answering, cost, data_sets, finding, flash_deal, scratch, understanding
from app.benchmarks.answering import AnswerFigures
from app.benchmarks.cost import CannotMeasure, Cost
from app.benchmarks.data_sets import DataSet, MissingData
from app.benchmarks.finding import Catalogue, Finding, Plan
from app.benchmarks.flash_deal import FlashDeal
from app.benchmarks.questions import asked_in
from app.benchmarks.search_engines import missing_packages
from app.benchmarks.understanding import Figures
from app.log import set_up
from app.options import EXPORTS, KNOWLEDGE, QUESTIONS
from app.report import Answer, Failure
from app.running import CannotOpen, Teller
from app.scratch_databases import scratch_databases
from app.settings import Home, read_settings
from app.stage import rehearsal_template
from nlu.embedding import Embedder, MiniLmEmbedder
from nlu.pipeline import PipelineSettings

REMEMBERED: Final = 100_000  # sentences: each is embedded once, however many pipelines read it

_errors = Console(stderr=True, highlight=False)


def everything(config: Path, *, data: Path, quick: bool) -> Answer:
    """All benchmarks, as one answer; of search a small one, as the whole catalogue takes minutes to embed."""
    parts = (
        nlu(config, data=data, quick=quick),
        knowledge(config, questions=QUESTIONS, documents=KNOWLEDGE),
        search(
            config,
            data=EXPORTS,
            products=finding.FEW_PRODUCTS,
            queries=finding.FEW_QUERIES,
            quick=quick,
            postgres=None,
        ),
    )
    facts = {name: value for part in parts for name, value in part.facts.items()}
    return Answer(facts, view=Group(*(part.view for part in parts if part.view is not None)))


def nlu(config: Path, *, data: Path, quick: bool) -> Answer:
    """Understanding: public data sets beside simpler pipelines, then what the shop's own models cost."""
    settings = read_settings(config)
    pipeline = settings.understanding_of("en")  # the data sets are English
    try:
        sets = list(data_sets.read_all(data).values())
        figures = list(
            understanding.measure(
                sets,
                pipeline,
                embedder=_embedder(pipeline),
                at=datetime.now(UTC),
                quick=quick,
                tell=say,
            )
        )
        costs = cost.measure(config, settings, _messages(sets), quick=quick, tell=say)
    except (MissingData, CannotMeasure) as error:
        raise Failure(str(error)) from error
    facts = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "quick": quick,
        "data_sets": [asdict(row) for row in figures],
        "cost": [asdict(row) for row in costs],
    }
    return Answer({"nlu": facts}, view=Group(_quality(figures), _prices(costs)))


def search(
    config: Path, *, data: Path, products: int, queries: int, quick: bool, postgres: str | None
) -> Answer:
    """Product search: known items in Shopify exports and in a made-up catalogue, beside other engines."""
    if missing := missing_packages():
        say(f"Search: to measure the others as well, run pip install {' '.join(missing)}")
    files = sorted(data.glob("*.csv"))
    if not files:
        say(f"Search: there are no exports (*.csv) in {data}, so only the made-up catalogue is searched")
    exports = [Catalogue("exports", files)] if files else []
    plan = Plan(
        catalogues=[*exports, Catalogue("made up", products=products)],
        queries=queries,
        config=None if quick else config,
        postgres=postgres,
    )
    try:
        found = list(finding.measure(plan, say))
    except (CannotMeasure, CannotOpen) as error:
        raise Failure(str(error)) from error
    facts = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "exports": [file.name for file in files],
        "known_items": [asdict(row) for row in found],
    }
    return Answer({"search": facts}, view=_findings(found))


def knowledge(config: Path, *, questions: Sequence[Path], documents: Path) -> Answer:
    """Answers from documents: right ones, wrong ones and refusals, beside full text alone."""
    settings = read_settings(config)
    spoken = dict.fromkeys([settings.language, *(asked_in(file, settings.languages) for file in questions)])
    try:
        with scratch.means_for(settings, tell=say, languages=[*spoken]) as means:
            figures = answering.measure(
                questions,
                documents,
                means=means,
                languages=settings.languages,
                at=datetime.now(UTC),
                tell=say,
            )
    except MissingData as error:
        raise Failure(str(error)) from error
    facts = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "documents": str(documents),
        "questions": [asdict(row) for row in figures],
    }
    return Answer({"knowledge": facts}, view=_answers(figures))


def deals(config: Path, home: Path, *, people: int, groups: int, databases: Sequence[str]) -> Answer:
    """A flash deal on each of the databases, beside a bare counter; not fine where a rule was broken."""
    settings, plan = read_settings(config), flash_deal.Plan(people, groups)
    teller = Teller(_errors, quiet=True)
    set_up(settings.log.model_copy(update={"level": "error"}))
    try:
        template = rehearsal_template(settings, Home(home), teller)
        with ExitStack() as stack:
            scratches = [
                stack.enter_context(scratch_databases(each, settings, template, teller)) for each in databases
            ]
            found = list(flash_deal.measure(settings, template, scratches, plan, say))
    except CannotOpen as error:
        raise Failure(str(error)) from error
    return answer_about_deals(found)


def answer_about_deals(found: Sequence[FlashDeal]) -> Answer:
    """What each database came to; not fine where a rule was broken."""
    facts = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "flash_deal": [asdict(row) for row in found],
    }
    return Answer({"deals": facts}, view=_flash_deals(found), fine=all(row.holds for row in found))


def say(what: str) -> None:
    _errors.print(f"→ {what}", soft_wrap=True)


def _embedder(pipeline: PipelineSettings) -> Embedder:
    named = pipeline.embedding
    return MiniLmEmbedder(named.model if named else None, cache_max=REMEMBERED)


def _messages(sets: Sequence[DataSet]) -> list[str]:
    """What people wrote, for timing: some of each set, taking turns."""
    texts = [_spread([example.text for example in data.asked.examples], cost.MESSAGES) for data in sets]
    return [text for turn in zip_longest(*texts) for text in turn if text is not None][: cost.MESSAGES]


def _spread(texts: Sequence[str], most: int) -> Sequence[str]:
    """So many of them, from everywhere."""
    return texts[:: max(1, len(texts) // most)][:most]


def _machine() -> dict[str, Any]:
    return {"processors": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}


def _quality(figures: Sequence[Figures]) -> Table:
    table = Table(
        "data set",
        "pipeline",
        "accuracy %",
        "in scope, refused is wrong %",
        "out of scope refused %",
        "Matthews' correlation",
        "training s",
        title="Understanding",
    )
    for row in figures:
        spread = f" ± {100 * row.spread:.1f}" if row.runs > 1 else ""
        table.add_row(
            row.data_set,
            row.pipeline,
            f"{100 * row.accuracy:.1f}{spread}",
            f"{100 * row.in_scope_with_refusal:.1f}",
            "–" if row.out_of_scope_recall is None else f"{100 * row.out_of_scope_recall:.1f}",
            "–" if row.matthews_correlation is None else f"{row.matthews_correlation:.3f}",
            f"{row.training_cpu_seconds:.1f}",
            end_section=row.pipeline == figures[-1].pipeline,
        )
    return table


def _findings(found: Sequence[Finding]) -> Table:
    table = Table(
        "catalogue",
        "method",
        "recall@10 %",
        "… with two typos",
        "ms p50 / p99",
        "… with two typos",
        "… within limits",
        "limits met %",
        "ms of processor",
        "built in s",
        "vectors s",
        "ready s",
        "memory MB",
        "a change found in ms",
        title="Product search, known items, on one thread",
    )
    for row, following in zip(found, [*found[1:], None], strict=True):
        table.add_row(
            f"{row.catalogue}, {row.products}",
            row.method,
            f"{100 * row.recall_at_10:.1f}",
            f"{100 * row.recall_at_10_mistyped:.1f}",
            f"{row.p50_ms:.1f} / {row.p99_ms:.1f}",
            f"{row.mistyped_p50_ms:.1f} / {row.mistyped_p99_ms:.1f}",
            "–" if row.limited_p50_ms is None else f"{row.limited_p50_ms:.1f} / {row.limited_p99_ms:.1f}",
            "–" if row.limited_met is None else f"{100 * row.limited_met:.1f}",
            f"{row.cpu_ms:.1f}",
            f"{row.build_seconds:.1f}",
            "–" if row.vectors_seconds is None else f"{row.vectors_seconds:.0f}",
            f"{row.ready_seconds:.2f}",
            f"{row.megabytes:.0f}",
            "–" if row.changed_product_ms is None else f"{row.changed_product_ms:.0f}",
            end_section=following is None or following.catalogue != row.catalogue,
        )
    return table


def _answers(figures: Sequence[AnswerFigures]) -> Table:
    table = Table(
        "questions",
        "method",
        "answerable / not",
        "top-1 %",
        "ranked first %",
        "recall@3 %",
        "answered wrongly %",
        "unanswerable refused %",
        "ms p50 / p99",
        title="Answers from documents",
    )
    for row in figures:
        shares = (row.top_1, row.ranked_first, row.recall_at_3, row.answered_wrongly, row.refused)
        table.add_row(
            row.questions,
            row.method,
            f"{row.answerable} / {row.unanswerable}",
            *(f"{100 * share:.1f}" for share in shares),
            f"{row.p50_ms:.1f} / {row.p99_ms:.1f}",
            end_section=row.method == figures[-1].method,
        )
    return table


def _flash_deals(found: Sequence[FlashDeal]) -> Group:
    table = Table("", title="A flash deal: taps on Join and Pay, some twice and out of order")
    for row in found:
        table.add_column(row.database)
    rows = (
        ("people, groups, units", [f"{row.people}, {row.groups}, {row.units}" for row in found]),
        ("taps + repeated ones", [f"{row.taps} + {row.repeats}" for row in found]),
        ("real s, taps a second", [f"{row.real_seconds:.1f}, {row.taps_per_second:.0f}" for row in found]),
        ("Join, ms p50 / p99", [f"{row.join_p50_ms:.0f} / {row.join_p99_ms:.0f}" for row in found]),
        ("Pay, ms p50 / p99", [f"{row.pay_p50_ms:.0f} / {row.pay_p99_ms:.0f}" for row in found]),
        (
            "bare counter, ms p50 / p99",
            [f"{row.counter_p50_ms:.1f} / {row.counter_p99_ms:.1f}" for row in found],
        ),
        ("… taps a second", [f"{row.counter_taps_per_second:.0f}" for row in found]),
        ("Pay, times the bare counter's p99", [f"{row.times_the_counter:.0f}" for row in found]),
        ("payments, real s", [f"{row.payments}, {row.payments_real_seconds:.1f}" for row in found]),
        ("groups filled", [f"{row.full_groups}" for row in found]),
        ("groups over their size", [f"{row.groups_over_size}" for row in found]),
        ("units over stock", [f"{row.units_over_stock}" for row in found]),
        ("people charged twice", [f"{row.charged_twice}" for row in found]),
        ("other rules broken", [f"{len(row.breaches)}" for row in found]),
    )
    for label, values in rows:
        table.add_row(label, *values)
    return Group(table, *(breach for row in found for breach in row.breaches))


def _prices(costs: Sequence[Cost]) -> Table:
    table = Table("the shop's own models", title="Cost, on one thread")
    for each in costs:
        table.add_column(" + ".join(each.languages))
    rows = (
        ("examples", [f"{each.examples}" for each in costs]),
        (
            "training, s (processor)",
            [f"{each.training_seconds:.1f} ({each.training_cpu_seconds:.1f})" for each in costs],
        ),
        (
            "new process ready, s (processor)",
            [f"{each.ready_seconds:.1f} ({each.ready_cpu_seconds:.1f})" for each in costs],
        ),
        ("a message, ms p50 / p99", [f"{each.p50_ms:.1f} / {each.p99_ms:.1f}" for each in costs]),
        ("a message, ms of processor", [f"{each.cpu_ms:.1f}" for each in costs]),
        ("memory, MB", [f"{each.megabytes:.0f}" for each in costs]),
    )
    for label, values in rows:
        table.add_row(label, *values)
    return table
