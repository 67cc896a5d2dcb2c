"""Lists as a person or a program wants them: a table, CSV or lines of JSON. Rows are written as they come."""

import csv
import json
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

FORMATS = ("table", "csv", "json")
_WIDTH = 34


def write(out: TextIO, names: Sequence[str], rows: Iterable[Sequence[Any]], style: str) -> int:
    """Write all rows; answers how many there were."""
    return {"table": _write_table, "csv": _write_csv, "json": _write_json}[style](out, names, rows)


def _write_table(out: TextIO, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    number = 0
    for number, row in enumerate(rows, 1):
        if number == 1:
            out.write(_line(names))
        out.write(_line(row))
    return number


def _line(cells: Sequence[Any]) -> str:
    texts = ["" if cell is None else str(cell) for cell in cells]
    return "  ".join([*(text.ljust(_WIDTH) for text in texts[:-1]), texts[-1]]).rstrip() + "\n"


def _write_csv(out: TextIO, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    writer = csv.writer(out)
    writer.writerow(names)
    number = 0
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
        number += 1
    return number


def harmless(cell: Any) -> Any:
    """A spreadsheet would run a text that begins like a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _write_json(out: TextIO, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    number = 0
    for row in rows:
        out.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str) + "\n")
        number += 1
    return number
