"""A paper of a shop as PDF: who sells, who buys, what for how much. The same paper is always the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos

FONTS: Final = Path(__file__).parent / "fonts"  # DejaVu: Latin, Greek, Cyrillic and every currency's sign
FONT: Final = "DejaVu"
COLUMNS_MM: Final = (96, 18, 32, 32)


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on it, every word and amount as it is shown."""

    title: str
    seller: Sequence[str]
    buyer: Sequence[str]
    facts: Sequence[tuple[str, str]]  # number, date, order
    columns: tuple[str, str, str, str]
    rows: Sequence[tuple[str, str, str, str]]
    sums: Sequence[tuple[str, str]]
    total: tuple[str, str]
    notes: Sequence[str]
    made_at: datetime


def draw(paper: Paper) -> bytes:
    """The paper as a PDF with its fonts inside."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(paper.made_at)
    pdf.set_title(paper.title)
    pdf.set_margins(16, 16)
    pdf.add_font(FONT, fname=FONTS / "DejaVuSans.ttf")
    pdf.add_font(FONT, "B", FONTS / "DejaVuSans-Bold.ttf")
    pdf.add_page()
    _head(pdf, paper)
    _table(pdf, paper)
    _foot(pdf, paper)
    return bytes(pdf.output())


def _line(pdf: FPDF, words: str, *, bold: bool = False, size: int = 10, align: str = "L") -> None:
    pdf.set_font(FONT, "B" if bold else "", size)
    pdf.multi_cell(0, size * 0.5, words, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _head(pdf: FPDF, paper: Paper) -> None:
    for place, words in enumerate(paper.seller):
        _line(pdf, words, bold=place == 0)
    pdf.ln(8)
    _line(pdf, paper.title, bold=True, size=18)
    pdf.ln(3)
    for name, value in paper.facts:
        _line(pdf, f"{name}: {value}")
    pdf.ln(5)
    for words in paper.buyer:
        _line(pdf, words)
    pdf.ln(6)


def _table(pdf: FPDF, paper: Paper) -> None:
    pdf.set_font(FONT, size=9)
    align = ("LEFT", "RIGHT", "RIGHT", "RIGHT")
    with pdf.table(col_widths=COLUMNS_MM, text_align=align, borders_layout="SINGLE_TOP_LINE") as table:
        for cells in (paper.columns, *paper.rows):
            row = table.row()
            for words in cells:
                row.cell(words)
    pdf.ln(3)


def _foot(pdf: FPDF, paper: Paper) -> None:
    for name, amount in paper.sums:
        _line(pdf, f"{name}   {amount}", align="R")
    _line(pdf, "   ".join(paper.total), bold=True, size=12, align="R")
    pdf.ln(6)
    for words in paper.notes:
        _line(pdf, words, size=9)
