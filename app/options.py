"""What may be chosen on the command line, and what is chosen unless told. Imports little: every `--help` reads it."""

from typing import Final, Literal

from app.settings import ROOT

DrawingFormat = Literal["mermaid", "dot"]
FileKind = Literal["flows", "slots", "replies", "training"]

REFUSE: Final = 0.92
"""The share of unanswerable questions that is aimed at: a little more than nine of ten, as no shop's are like another's."""

DATA: Final = ROOT.parent / "shared" / "data" / "nlu"
"""Where the public data sets are looked for."""
EXPORTS: Final = ROOT.parent / "shared" / "data" / "shopify"
"""The same for real catalogues."""

DEMO_SHOP: Final = ROOT / "sandbox" / "demo_shop"
KNOWLEDGE: Final = DEMO_SHOP / "knowledge"
QUESTIONS: Final = tuple(
    DEMO_SHOP / "questions" / f"{name}.csv" for name in ("tuning", "held_out", "tuning_es", "held_out_es")
)
