"""Filters of lists by the query."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView


class FilterBackend(DjangoFilterBackend):
    """Moments reach the database in UTC: PostgreSQL refuses offsets of 16 hours and more, which Python allows."""

    def get_filterset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> Any:
        """The filters, with every moment in UTC. :raises ValidationError: one lies outside of the years 1 to 9999"""
        filterset = super().get_filterset(request, queryset, view)
        if filterset is not None and filterset.is_valid():
            given = filterset.form.cleaned_data
            given.update({name: _utc(name, value) for name, value in given.items() if isinstance(value, datetime)})
        return filterset


def _utc(name: str, moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValidationError({name: ["This date is out of range."]}) from error
