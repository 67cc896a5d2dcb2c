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
        size = self._size(request)
        rows = list(queryset[: size + 1])
        self.next_cursor = _encode(getattr(rows[size - 1], column), rows[size - 1].pk) if len(rows) > size else None
        return rows[:size]

    def get_paginated_response(self, data: Any) -> Response:
        """The page and the way to the next one."""
        return Response({"next": self._next_url(), "results": data})

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

    def _size(self, request: Request) -> int:
        text = request.query_params.get("page_size", "")
        if not text:
            return self.page_size
        is_number = text.isascii() and text.isdigit() and len(text) <= 9
        if not is_number or not 1 <= int(text) <= self.max_page_size:
            raise ValidationError({"page_size": [f"A whole number from 1 to {self.max_page_size}."]})
        return int(text)

    def _next_url(self) -> str | None:
        if self.next_cursor is None:
            return None
        return replace_query_param(self.request.build_absolute_uri(), "cursor", self.next_cursor)


def _encode(value: Any, key: Any) -> str:
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return base64.urlsafe_b64encode(json.dumps([text, str(key)]).encode()).decode().rstrip("=")


def _decode(model: type[Model], column: str, cursor: str) -> tuple[Any, Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        value, key = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        fields = {field.name: field for field in model._meta.concrete_fields}
        return _read(fields[column], value), _read(model._meta.pk, key)
    except Exception as error:  # any damage to a cursor is the same mistake of the caller
        raise ValidationError({"cursor": ["This cursor is not one of ours: start again without it."]}) from error


def _read(field: "Field[Any, Any]", text: Any) -> Any:
    """What `_encode` wrote. Moments come in UTC: PostgreSQL refuses offsets that Python allows."""
    if not isinstance(text, str) or not is_storable(text):
        raise ValueError("not one of our texts")
    value = field.to_python(text)
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("a moment without an offset")
    return value.astimezone(UTC)
