"""Sheets of comma-separated values in the form that Mastodon writes and reads. Pure.

What leaves is quoted, and a cell that a spreadsheet would run as a formula is led by an apostrophe, which reading
takes off again. What comes in is judged line by line: nothing of it is trusted to be what its heading says.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from weft.kernel.errors import Invalid
from weft.kernel.text.clean import clean_line, is_storable
from weft.portability.model import (
    MAX_IMPORT_BYTES,
    MAX_IMPORT_ROWS,
    MAX_SUBJECT,
    MAX_TITLE,
    Fault,
    ImportKind,
    ImportRow,
    SheetKind,
)

HEADINGS: Mapping[SheetKind, tuple[str, ...]] = {
    "following": ("Account address", "Show boosts", "Notify on new posts", "Languages"),
    "mutes": ("Account address", "Hide notifications"),
}
"""The sheets that have one; Mastodon writes the others without."""
_FIRST_CELLS = frozenset({"account address", "#uri", "uri", "#domain", "domain", "#list", "list name", "list_name"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TRUE = frozenset({"true", "1", "yes", "t"})
_FALSE = frozenset({"false", "0", "no", "f"})
_MOST_COLUMNS = 16


def guard(cell: str) -> str:
    """The cell as a spreadsheet takes it for text."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def unguard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def write_rows(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([guard(cell) for cell in row])
    return out.getvalue().encode()


def heading(kind: SheetKind) -> bytes:
    """The first line of a sheet, or nothing."""
    return write_rows([HEADINGS[kind]]) if kind in HEADINGS else b""


def truth(value: bool) -> str:
    return "true" if value else "false"


def read_sheet(data: bytes, kind: ImportKind) -> list[ImportRow]:
    """The rows of a sheet, each once, as it stands: what they name is looked up later.

    Raises:
        Invalid: it is no such sheet, too long, or has no row.
    """
    if len(data) > MAX_IMPORT_BYTES:
        raise Invalid("import.too_large", field="file", limit=MAX_IMPORT_BYTES)
    found: dict[tuple[str, str], ImportRow] = {}
    columns: list[str] = []
    for number, cells in enumerate(_lines(data)):
        if number == 0 and cells[0].lower() in _FIRST_CELLS:
            columns = [cell.lower() for cell in cells]
            continue
        row = _row(kind, cells, columns)
        found.setdefault((row.title, row.subject.lower()), row)
        if len(found) > MAX_IMPORT_ROWS:
            raise Invalid("import.too_many_rows", field="file", limit=MAX_IMPORT_ROWS)
    if not found:
        raise Invalid("import.empty", field="file")
    return list(found.values())


def _lines(data: bytes) -> Iterator[list[str]]:
    """The lines that are not empty, cell by cell."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("import.unreadable", field="file") from None
    if not is_storable(text):
        raise Invalid("import.unreadable", field="file")
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), strict=True):
            if any(cell.strip() for cell in cells):
                yield [unguard(cell.strip()) for cell in cells[:_MOST_COLUMNS]]
    except csv.Error:
        raise Invalid("import.unreadable", field="file") from None


def _row(kind: ImportKind, cells: list[str], columns: list[str]) -> ImportRow:
    def cell(at: int, *names: str) -> str:
        for name in names:
            if name in columns:
                at = columns.index(name)
        return cells[at] if at < len(cells) else ""

    if kind == "lists":
        title = clean_line(cell(0, "list name", "list_name", "#list"), MAX_TITLE)
        return ImportRow(subject=_subject(cell(1, "account address")), title=title)
    subject = _subject(cell(0, "account address"))
    if kind == "mutes":
        return ImportRow(subject=subject, notifications=_flag(cell(1, "hide notifications"), default=True))
    if kind == "following":
        return ImportRow(
            subject=subject,
            reposts=_flag(cell(1, "show boosts"), default=True),
            notify=_flag(cell(2, "notify on new posts"), default=False),
            languages=_codes(cell(3, "languages")),
        )
    return ImportRow(subject=subject)


def _subject(cell: str) -> str:
    """One line of bounded length; what is longer names nothing."""
    return clean_line(cell, MAX_SUBJECT) if len(cell) <= MAX_SUBJECT else ""


def _flag(cell: str, *, default: bool) -> bool:
    word = cell.lower()
    return True if word in _TRUE else False if word in _FALSE else default


def _codes(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for part in cell[:400].split(",") if (code := part.strip())))[:50]


def write_failures(kind: ImportKind, failed: Iterable[tuple[str, str, Fault]], reasons: Mapping[str, str]) -> bytes:
    """Rows that were not brought in, in a form that can be mended and brought again, each with its reason."""
    rows = (
        (*((title,) if kind == "lists" else ()), subject, reasons.get(fault, fault)) for title, subject, fault in failed
    )
    return write_rows(rows)
