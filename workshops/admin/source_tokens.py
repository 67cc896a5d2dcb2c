"""The tokens in the URLs that platforms call, in the admin: a new one is shown once."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from common.admin import TenantAdmin, TenantForm, action, actor, badge, who
from common.admin.actions import Deed
from workshops import services
from workshops.models import SourceToken


def _revoke(token: SourceToken) -> None:
    services.revoke_source_token(token=token)


REVOKE = Deed(
    act=_revoke,
    done="refused from now on.",
    question="Refuse this URL from now on? What its platform sends there is lost.",
    button="Revoke",
)


class SourceTokenForm(TenantForm):
    """For whom, and how long the one before lives on."""

    overlap_hours = forms.IntegerField(
        min_value=0, max_value=168, initial=settings.SOURCE_TOKEN_OVERLAP_HOURS, widget=UnfoldAdminIntegerFieldWidget,
        help_text="For so many hours earlier tokens of the platform are accepted too. 0: one has leaked.",
    )  # fmt: skip

    class Meta:
        model = SourceToken
        fields = ["organization", "platform"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "platform" in self.fields:
            self.fields["platform"].choices = SourceToken.PLATFORMS  # type: ignore[attr-defined]  # a ChoiceField


@admin.register(SourceToken)
class SourceTokenAdmin(TenantAdmin):
    """URLs of order platforms. Adding one for a platform that has one replaces it."""

    list_display = ["platform", "organization", "hint", "state", "expires_at", "creator", "created_at"]
    list_filter = ["platform", ("organization", AutocompleteSelectFilter)]
    ordering = ["-created_at"]
    actions_detail = ["revoke_this"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A new one is asked for; an old one is shown."""
        shown = ["organization", "platform", "hint", "state", "expires_at", "created_by", "created_at"]
        return shown if obj else ["organization", "platform", "overlap_hours"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Nothing of an old one can be changed."""
        return [*super().get_readonly_fields(request, obj), *self.get_fields(request, obj)] if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form of a new one has a field that is no column."""
        return super().get_form(request, obj, change, form=TenantForm if obj else SourceTokenForm, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: nothing of an old one can be changed."""
        return False

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What the right to change them allows."""
        return bool(getattr(request.user, "has_perm", lambda _: False)("workshops.change_sourcetoken"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: it is revoked, and its trace stays."""
        return False

    def is_useful(self, path: str, row: SourceToken) -> bool:
        """As long as it is accepted."""
        return row.expires_at is None or row.expires_at > timezone.now()

    def save_model(self, request: HttpRequest, obj: SourceToken, form: Any, change: bool) -> None:
        """A new token; its text is kept for the answer alone."""
        row, token = services.issue_source_token(
            organization_id=obj.organization_id, platform=obj.platform, issued_by=actor(request),
            overlap=timedelta(hours=form.cleaned_data["overlap_hours"]),
        )  # fmt: skip
        obj.pk, obj.hint = row.pk, row.hint
        request.source_token = token  # type: ignore[attr-defined]  # from here to response_add

    def response_add(self, request: HttpRequest, obj: SourceToken, post_url_continue: Any = None) -> HttpResponse:
        """The URLs, this once."""
        token: str = request.source_token  # type: ignore[attr-defined]  # from save_model
        urls = [request.build_absolute_uri(path) for path in services.paths_of_token(obj.platform, token)]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": "The new URL", "urls": urls,
            "back": self.url_of("changelist"),
        }  # fmt: skip
        request.current_app = self.admin_site.name  # read by the url tag
        return TemplateResponse(request, "workshops/source_token.html", context)

    @admin.display(description="Created by")
    def creator(self, token: SourceToken) -> str:
        """In words."""
        return who(token.created_by)

    @admin.display(description="State")
    def state(self, token: SourceToken) -> str:
        """Whether its URL is accepted."""
        if token.expires_at is None:
            return badge("current", "success")
        return badge("ends soon", "warning") if token.expires_at > timezone.now() else badge("over", "danger")

    @action(description="Revoke", permissions=["revoke"], url_path="revoke")
    def revoke_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From its own page."""
        return self.do_one(request, object_id, REVOKE)
