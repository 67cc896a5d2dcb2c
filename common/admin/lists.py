"""Lists that stay cheap when their tables grow."""

from typing import Any

from django.contrib.admin import ShowFacets
from django.http import HttpRequest
from unfold.views import ChangeList

from common.admin.paginator import EstimatingPaginator


class BigChangeList(ChangeList):
    """Knows that a list without search and filters is the whole."""

    def get_results(self, request: HttpRequest) -> None:
        """As Django, but without a second count."""
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class BigListMixin:
    """For a ModelAdmin: no count of everything, no facets, pages of 50."""

    paginator = EstimatingPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BigChangeList]:
        """Ours."""
        return BigChangeList
