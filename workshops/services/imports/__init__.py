"""Files of people who signed up elsewhere."""

from workshops.services.imports.columns import FIELDS, guess_columns
from workshops.services.imports.runs import (
    ImportNotStartable,
    change_columns,
    preview_import,
    run_import,
    start_import,
    sweep_imports,
    upload_import,
)
from workshops.services.imports.sheets import Sheet, SheetUnreadable, open_sheet

__all__ = [
    "FIELDS",
    "ImportNotStartable",
    "Sheet",
    "SheetUnreadable",
    "change_columns",
    "guess_columns",
    "open_sheet",
    "preview_import",
    "run_import",
    "start_import",
    "sweep_imports",
    "upload_import",
]
