"""
Cursor pages by keyset.

DRF's own CursorPagination seeks by its first ordering column only and counts offsets among equal values, which
fails beyond a thousand of them: a sync writes thousands of members in one instant. Here the cursor holds the value
of the ordering column *and* the primary key, so that the last page of a million rows costs what the first does.
"""

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Field, Model, Q
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from common.parsers import is_storable

if TYPE_CHECKING:  # DRF's views import this module by its setting while they are being imported
    from rest_framework.views import APIView


class KeysetPagination(BasePagination):
    """
    `{"next": url | null, "results": […]}`; `?page_size=` up to 200, `?cursor=` as given by `next`.

    A view names its column in `keyset`, a leading `-` for descending; the primary key breaks ties.
    """

    page_size = 50
    max_page_size = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: "APIView | None" = None) -> list[Any]:
        """One page, read with one row too many to learn whether another follows. A bad cursor is a 400."""
        self.request = request
        self.keyset: str = getattr(view, "keyset", "-created_at")
        column = self.keyset.removeprefix("-")
        queryset = queryset.order_by(self.keyset, "-pk" if self.descending else "pk")
        if cursor := request.query_params.get("cursor"):
            queryset = queryset.filter(self._after(queryset.model, column, cursor))
        size = page_size(request)
        rows = list(queryset[: size + 1])
        self.next_cursor = _cursor_at(getattr(rows[size - 1], column), rows[size - 1].pk) if len(rows) > size else None
        return rows[:size]

    def get_paginated_response(self, data: Any) -> Response:
        """The page and the way to the next one."""
        return page_response(self.request, data, self.next_cursor)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """For the OpenAPI document."""
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {
                "next": {"type": "string", "format": "uri", "nullable": True},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        """For the OpenAPI document."""
        return [
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
            {"name": "page_size", "in": "query", "required": False, "schema": {"type": "integer", "maximum": 200}},
        ]

    @property
    def descending(self) -> bool:
        """Whether the list runs downwards."""
        return self.keyset.startswith("-")

    def _after(self, model: type[Model], column: str, cursor: str) -> Q:
        value, key = _decode(model, column, cursor)
        sign = "lt" if self.descending else "gt"
        return Q(**{f"{column}__{sign}e": value}) & (Q(**{f"{column}__{sign}": value}) | Q(**{f"pk__{sign}": key}))


def page_size(request: Request) -> int:
    """How many rows are asked for. :raises ValidationError: it is no number, or too many"""
    text, most = request.query_params.get("page_size", ""), KeysetPagination.max_page_size
    if not text:
        return KeysetPagination.page_size
    is_number = text.isascii() and text.isdigit() and len(text) <= 9
    if not is_number or not 1 <= int(text) <= most:
        raise ValidationError({"page_size": [f"A whole number from 1 to {most}."]})
    return int(text)


def page_response(request: Request, data: Any, cursor: str | None) -> Response:
    """The page and the way to the next one, which begins after `cursor`."""
    url = replace_query_param(request.build_absolute_uri(), "cursor", cursor) if cursor else None
    return Response({"next": url, "results": data})


def encode_cursor(value: str, key: str) -> str:
    """A place in an order: the value of the ordering column, and the key that breaks ties."""
    return base64.urlsafe_b64encode(json.dumps([value, key]).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str, str]:
    """
    What `encode_cursor` was given.

    :raises ValidationError: it is none of ours
    """
    try:
        value, key = json.loads(base64.urlsafe_b64decode((cursor + "=" * (-len(cursor) % 4)).encode("ascii")))
    except Exception as error:  # any damage to a cursor is the same mistake of the caller
        raise bad_cursor() from error
    if not (isinstance(value, str) and isinstance(key, str) and is_storable(value + key)):
        raise bad_cursor()
    return value, key


def bad_cursor() -> ValidationError:
    """What is answered to a cursor that leads nowhere."""
    return ValidationError({"cursor": ["This cursor is not one of ours: start again without it."]})


def _cursor_at(value: Any, key: Any) -> str:
    return encode_cursor(value.isoformat() if hasattr(value, "isoformat") else str(value), str(key))


def _decode(model: type[Model], column: str, cursor: str) -> tuple[Any, Any]:
    value, key = decode_cursor(cursor)
    fields = {field.name: field for field in model._meta.concrete_fields}
    try:
        return _read(fields[column], value), _read(model._meta.pk, key)
    except Exception as error:  # any damage to a cursor is the same mistake of the caller
        raise bad_cursor() from error


def _read(field: "Field[Any, Any]", text: str) -> Any:
    """What `_cursor_at` wrote. Moments come in UTC: PostgreSQL refuses offsets that Python allows."""
    value = field.to_python(text)
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("a moment without an offset")
    return value.astimezone(UTC)
