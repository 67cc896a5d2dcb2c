"""Buttons that do something to rows: said how many were done, and why the others were not."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import model_ngettext, unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold import decorators

from common.admin.html import who
from common.errors import DomainError

_MOST_ROWS = 500
_MOST_MESSAGES = 10
_Method = TypeVar("_Method", bound=Callable[..., object])


class _Action(Protocol):
    def __call__(
        self, *, description: str, permissions: Sequence[str], url_path: str | None = None
    ) -> Callable[[_Method], _Method]: ...


#: Unfold's decorator of what a button does, with types: `permissions` are names of `has_…_permission`.
action: _Action = decorators.action


def actor(request: HttpRequest) -> str:
    """The staff member as rows name them."""
    return f"staff:{request.user.pk}"


@dataclass(frozen=True, slots=True)
class Deed:
    """
    What a button does to one row.

    `done` follows a number of rows ("3 groups …"), `question` is asked before one is changed, `button` answers yes.
    """

    act: Callable[[Any], object]
    done: str
    question: str
    button: str


class ActionsMixin:
    """For a ModelAdmin with actions in its list (`do_all`) and on its page (`do_one`)."""

    model: Any
    opts: Any
    admin_site: Any
    get_object: Callable[..., Any]
    message_user: Callable[..., None]
    #: Columns that say who did something, on the page of a row.
    readonly_preprocess_fields = dict.fromkeys(
        ("created_by", "requested_by", "mapped_by", "corrected_by", "acknowledged_by", "actor"), who
    )
    _get_obj_does_not_exist_redirect: Callable[..., HttpResponse]

    def do_all(self, request: HttpRequest, queryset: QuerySet[Any], deed: Deed) -> None:
        """Do it to every chosen row."""
        rows = list(queryset[: _MOST_ROWS + 1])
        if len(rows) > _MOST_ROWS:
            self.message_user(request, f"Choose at most {_MOST_ROWS} at once. Nothing was done.", messages.ERROR)
            return
        self._do(request, rows, deed)

    def do_one(self, request: HttpRequest, object_id: str, deed: Deed) -> HttpResponse:
        """Do it to one row, once the question has been answered."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if request.method != "POST":
            back = self.url_of("change", object_id)
            return self.ask(request, title=str(row), question=deed.question, button=deed.button, back=back)
        self._do(request, [row], deed)
        return HttpResponseRedirect(self.url_of("change", object_id))

    def ask(
        self, request: HttpRequest, *, title: str, question: str, button: str, details: Sequence[tuple[str, str]] = (),
        back: str = "", action: str = "", rows: Iterable[Any] = (),
    ) -> TemplateResponse:  # fmt: skip
        """A page that asks before it acts. Yes posts to the same address; with `action`, that action for `rows`."""
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": title, "question": question,
            "button": button, "details": details, "action": action, "chosen": [row.pk for row in rows],
            "checkbox": helpers.ACTION_CHECKBOX_NAME, "back": back or self.url_of("changelist"),
        }  # fmt: skip
        request.current_app = self.admin_site.name  # read by the url tag
        return TemplateResponse(request, "common/ask.html", context)

    def is_useful(self, path: str, row: Any) -> bool:
        """Whether the button at `path` makes sense for `row` as it is now."""
        return True

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The buttons of a row's page: those that make sense."""
        row = self.get_object(request, unquote(object_id))
        found = super().get_actions_detail(request, object_id)  # type: ignore[misc]  # of the ModelAdmin beside it
        return [action for action in found if row is not None and self.is_useful(action.path, row)]

    def url_of(self, page: str, *arguments: Any) -> str:
        """The address of a page of this admin: `changelist`, `change`."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=arguments)

    def _do(self, request: HttpRequest, rows: Sequence[Any], deed: Deed) -> None:
        refused = []
        for row in rows:
            try:
                deed.act(row)
            except DomainError as error:
                refused.append(f"{row}: {error.message}")
        if done := len(rows) - len(refused):
            self.message_user(request, f"{done} {model_ngettext(self.opts, done)} {deed.done}", messages.SUCCESS)
        for text in refused[:_MOST_MESSAGES]:
            self.message_user(request, text, messages.ERROR)
        if more := len(refused[_MOST_MESSAGES:]):
            self.message_user(request, f"{more} more were refused.", messages.ERROR)
