"""
CSV and XLSX files as rows of texts.

Spreadsheets are read with openpyxl (row by row, XML by defusedxml): the value of a formula is the one that the program
that saved the file computed, which is nothing where none did.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from django.conf import settings
from openpyxl import load_workbook

from common.errors import DomainError

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_MOST_COLUMNS = 100
_MOST_UNPACKED = 100 * 1024 * 1024
_LONGEST_CELL = 500
_DELIMITERS = ",;\t|"
_SAMPLE = 16 * 1024


class SheetUnreadable(DomainError):
    """The file is not one that can be imported; the message says why and what to do."""

    code = "sheet_unreadable"
    status = 400


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first sheet of a file: its headers, and its other rows with their numbers as spreadsheets count."""

    headers: list[str]
    rows: list[tuple[int, list[str]]]


def open_sheet(content: bytes) -> Sheet:
    """
    The rows of a CSV or XLSX file that hold anything.

    :raises SheetUnreadable: it is too large, of another kind, broken, or empty
    """
    if len(content) > settings.IMPORT_MAX_BYTES:
        raise SheetUnreadable(f"The file is larger than {settings.IMPORT_MAX_BYTES // 2**20} MiB: split it.")
    found = _xlsx(content) if content.startswith(_ZIP) else _csv(content)
    filled = ((number, cells) for number, cells in enumerate(found, start=1) if any(cells))
    rows = list(islice(filled, settings.IMPORT_MAX_ROWS + 2))
    if len(rows) > settings.IMPORT_MAX_ROWS + 1:
        raise SheetUnreadable(f"The file has more than {settings.IMPORT_MAX_ROWS} rows: split it.")
    if len(rows) < 2:
        raise SheetUnreadable("The file has no rows below its headers.")
    return Sheet(headers=rows[0][1], rows=rows[1:])


def _csv(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for cells in reader:
            yield [_text(cell) for cell in cells[:_MOST_COLUMNS]]
    except csv.Error as error:
        raise SheetUnreadable(f"Line {reader.line_num} of the file is broken: {error}.") from error


def _decoded(content: bytes) -> str:
    """UTF-8 or UTF-16 as the file says, else UTF-8, else what Excel writes on Windows."""
    if content.startswith(_OLD_EXCEL):
        raise SheetUnreadable("This is an old Excel file (.xls). Save it as .xlsx or CSV.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if b"\0" in content:
        raise SheetUnreadable("This is neither a CSV nor an Excel file (.xlsx).")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    """The one that is in the headers most; quoted parts do not count."""
    header = text[:_SAMPLE].lstrip("\r\n").split("\n", 1)[0]
    unquoted = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=unquoted.count)


def _xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > _MOST_UNPACKED:
                raise SheetUnreadable("The file unpacks to more than 100 MiB: split it.")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True):
            yield [_text(cell) for cell in row[:_MOST_COLUMNS]]
        book.close()
    except SheetUnreadable:
        raise
    except Exception as error:  # openpyxl has no error of its own: a broken file raises whatever it stumbles over
        raise SheetUnreadable("This Excel file is broken. Save it anew as .xlsx or CSV.") from error


def _text(cell: Any) -> str:
    """As a person would write it: whole numbers without `.0`, dates in ISO 8601, nothing for an error such as #N/A."""
    if cell is None or isinstance(cell, bool):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    text = str(cell).replace("\0", "\ufffd").strip()[:_LONGEST_CELL]
    return "" if text.startswith("#") and text.rstrip("!?").isupper() else text.removeprefix("'")
