"""The life of a workshop in the admin: its states, the archive, and a new community when somebody chooses so."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from common.admin import ActionsMixin, action, actor, badge
from common.admin.actions import Deed
from workshops import services
from workshops.models import Workshop

STATUS_COLORS: dict[str, str] = {
    Workshop.Status.PLANNED: "info",
    Workshop.Status.CONFIRMED: "success",
    Workshop.Status.LIVE: "warning",
    Workshop.Status.DONE: "success",
    Workshop.Status.CANCELLED: "danger",
}
#: Where each button's step leads, by the button's path.
_STEPS: dict[str, str] = {
    "confirm": Workshop.Status.CONFIRMED,
    "start": Workshop.Status.LIVE,
    "end": Workshop.Status.DONE,
    "plan": Workshop.Status.PLANNED,
    "cancel": Workshop.Status.CANCELLED,
}


class ArchiveFilter(admin.SimpleListFilter):
    """Workshops that were put away are shown when somebody asks for them."""

    title = "archive"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Beside those in use."""
        return [("true", "Archived"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """Without a choice, it is those in use."""
        for number, choice in enumerate(super().choices(changelist)):
            yield choice if number else {**choice, "display": "In use"}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those that were asked for."""
        return queryset if self.value() == "all" else queryset.filter(archived_at__isnull=self.value() != "true")


def _step(status: str, question: str, button: str) -> Deed:
    def take(workshop: Workshop) -> None:
        services.change_status(workshop=workshop, status=status)

    return Deed(act=take, done=f"now {status}.", question=question, button=button)


_DEEDS = {
    "confirm": _step(Workshop.Status.CONFIRMED, "Is it certain that this workshop takes place?", "Confirm"),
    "start": _step(Workshop.Status.LIVE, "Does this workshop go on right now?", "Mark as live"),
    "end": _step(Workshop.Status.DONE, "Is this workshop over?", "Mark as done"),
    "plan": _step(Workshop.Status.PLANNED, "Is this workshop planned again?", "Back to planned"),
    "cancel": _step(
        Workshop.Status.CANCELLED,
        "Cancel this workshop? It keeps its people and the WhatsApp community that it has; one that is not created yet "
        "will not be. Nobody is told.",
        "Cancel workshop",
    ),
}


def _archive(workshop: Workshop) -> None:
    services.archive_workshop(workshop=workshop)


def _unarchive(workshop: Workshop) -> None:
    services.unarchive_workshop(workshop=workshop)


ARCHIVE = Deed(_archive, "archived.", "Take it out of the lists? All that belongs to it stays as it is.", "Archive")
UNARCHIVE = Deed(_unarchive, "back in the lists.", "Put it back into the lists?", "Take out of the archive")


def _renew_deed(request: HttpRequest) -> Deed:
    def renew(workshop: Workshop) -> None:
        services.renew_community(workshop=workshop, renewed_by=actor(request))

    return Deed(
        act=renew,
        done="will get a new community.",
        question="Create a new community by the title, date and tag as they are now? The old one stays in WhatsApp "
        "with its people, who are not moved. To keep it, rename it in WhatsApp instead.",
        button="Create a new community",
    )


class LifeActions(ActionsMixin):
    """Buttons for a workshop's life, in lists and on its page."""

    PATHS = {*_STEPS, "archive", "unarchive"}
    IN_LISTS = ["archive", "unarchive"]
    ON_PAGES = {
        "title": "Change state",
        "items": [
            "confirm_this", "start_this", "end_this", "plan_this", "cancel_this", "archive_this", "unarchive_this",
            "renew_for_this",
        ],
    }  # fmt: skip

    def is_useful(self, path: str, row: Workshop) -> bool:
        """A step that leads somewhere from here; in or out of the archive."""
        if path in _STEPS:
            return _STEPS[path] in row.next_statuses
        return (row.archived_at is None) == (path == "archive")

    @admin.display(description="State", ordering="status")
    def life(self, workshop: Workshop) -> str:
        """Where it is in its life."""
        shown = badge(workshop.get_status_display(), STATUS_COLORS[workshop.status])
        return shown + badge("archived", "warning") if workshop.archived_at else shown

    @action(description="Archive", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Workshop]) -> None:
        """Every chosen workshop."""
        self.do_all(request, queryset, ARCHIVE)

    @action(description="Take out of the archive", permissions=["change"])
    def unarchive(self, request: HttpRequest, queryset: QuerySet[Workshop]) -> None:
        """Every chosen workshop."""
        self.do_all(request, queryset, UNARCHIVE)

    @action(description="Archive", permissions=["change"], url_path="archive")
    def archive_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, ARCHIVE)

    @action(description="Take out of the archive", permissions=["change"], url_path="unarchive")
    def unarchive_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, UNARCHIVE)

    @action(description="Create a new community", permissions=["change"], url_path="renew")
    def renew_for_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """In place of the one there is."""
        return self.do_one(request, object_id, _renew_deed(request))

    @action(description="Confirm", permissions=["change"], url_path="confirm")
    def confirm_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It takes place for certain."""
        return self.do_one(request, object_id, _DEEDS["confirm"])

    @action(description="Mark as live", permissions=["change"], url_path="start")
    def start_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It goes on."""
        return self.do_one(request, object_id, _DEEDS["start"])

    @action(description="Mark as done", permissions=["change"], url_path="end")
    def end_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It is over."""
        return self.do_one(request, object_id, _DEEDS["end"])

    @action(description="Back to planned", permissions=["change"], url_path="plan")
    def plan_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """As before."""
        return self.do_one(request, object_id, _DEEDS["plan"])

    @action(description="Cancel workshop", permissions=["change"], url_path="cancel")
    def cancel_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It does not take place."""
        return self.do_one(request, object_id, _DEEDS["cancel"])
