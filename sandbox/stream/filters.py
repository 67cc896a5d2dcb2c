"""Stream's filters (https://getstream.io/chat/docs/python/query_syntax_operators/), as far as its operators go here."""

from collections.abc import Callable, Mapping

from sandbox.problems import Json

_COMPARE: Mapping[str, Callable[[Json, Json], bool]] = {
    "$eq": lambda value, wanted: _equals(value, wanted),
    "$ne": lambda value, wanted: not _equals(value, wanted),
    "$in": lambda value, wanted: bool(set(_list(value)) & set(wanted)),
    "$nin": lambda value, wanted: not set(_list(value)) & set(wanted),
    "$gt": lambda value, wanted: value is not None and value > wanted,
    "$gte": lambda value, wanted: value is not None and value >= wanted,
    "$lt": lambda value, wanted: value is not None and value < wanted,
    "$lte": lambda value, wanted: value is not None and value <= wanted,
    "$exists": lambda value, wanted: (value is not None) == wanted,
    "$contains": lambda value, wanted: wanted in _list(value),
    "$autocomplete": lambda value, wanted: str(value or "").lower().startswith(str(wanted).lower()),
}


def matches(row: Mapping[str, Json], conditions: Mapping[str, Json]) -> bool:
    """Whether a row fits the filter; an operator that is not known fits nothing."""
    return all(_fits(row, name, condition) for name, condition in conditions.items())


def _fits(row: Mapping[str, Json], name: str, condition: Json) -> bool:
    if name in ("$and", "$or", "$nor"):
        fitting = [matches(row, inner) for inner in condition]
        return all(fitting) if name == "$and" else any(fitting) == (name == "$or")
    value = row.get(name)
    if isinstance(condition, dict) and condition and all(key.startswith("$") for key in condition):
        return all(operator in _COMPARE and _COMPARE[operator](value, wanted) for operator, wanted in condition.items())
    return _equals(value, condition)


def _equals(value: Json, wanted: Json) -> bool:
    if isinstance(value, list):
        return set(value) == set(_list(wanted))
    return bool(value == wanted)


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [] if value is None else [value]
