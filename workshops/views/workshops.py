"""Workshops in the API."""

from dataclasses import asdict
from typing import cast

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from common import live
from organizations.roles import Right
from organizations.viewsets import TenantView
from whatsapp.models import Group
from whatsapp.serializers import InviteLinkSerializer, SyncRunSerializer
from workshops import services
from workshops.models import Community, Workshop
from workshops.models.workshop import WorkshopQuerySet
from workshops.serializers import (
    CommunitySerializer,
    EventsTicketSerializer,
    GroupLinkSerializer,
    RetrySerializer,
    StatusSerializer,
    WorkshopPlanSerializer,
    WorkshopSerializer,
)


class WorkshopFilter(filters.FilterSet):
    """`?search=` part of the title, `&status=`, `&tag=`, `&community_status=`, `&starts_after=`, `&starts_before=`."""

    search = filters.CharFilter(field_name="title", lookup_expr="icontains")
    community_status = filters.ChoiceFilter(field_name="community__status", choices=Community.Status.choices)
    starts_after = filters.IsoDateTimeFilter(field_name="starts_at", lookup_expr="gte")
    starts_before = filters.IsoDateTimeFilter(field_name="starts_at", lookup_expr="lt")
    tag = filters.UUIDFilter(field_name="tag_id")
    archived = filters.ChoiceFilter(method="by_archive", choices=[(word, word) for word in ("true", "false", "all")])

    class Meta:
        model = Workshop
        fields = ["status"]

    def by_archive(self, queryset: QuerySet[Workshop], name: str, value: str) -> QuerySet[Workshop]:
        """Those in the archive, those that are not (as without the filter), or all."""
        return queryset if value == "all" else queryset.filter(archived_at__isnull=value == "false")


class WorkshopViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantView):
    """Workshops of the organization."""

    queryset = Workshop.objects.with_member_count().select_related("community__parent_group")
    serializer_class = WorkshopSerializer
    filterset_class = WorkshopFilter
    rights = {
        "create": Right.MANAGE_WORKSHOPS,
        "partial_update": Right.MANAGE_WORKSHOPS,
        "destroy": Right.MANAGE_WORKSHOPS,
        "retry_community": Right.MANAGE_WORKSHOPS,
        "link_group": Right.MANAGE_WORKSHOPS,
        "unlink_group": Right.MANAGE_WORKSHOPS,
        "renew_community": Right.MANAGE_WORKSHOPS,
        "change_status": Right.MANAGE_WORKSHOPS,
        "archive": Right.MANAGE_WORKSHOPS,
        "unarchive": Right.MANAGE_WORKSHOPS,
        "sync": Right.SYNC,
        "events_ticket": Right.READ,
    }
    vendor_actions = frozenset({"events_ticket"})

    def get_queryset(self) -> QuerySet[Workshop]:
        """The list leaves the archive out unless it is asked for."""
        workshops = cast(WorkshopQuerySet, super().get_queryset())
        is_plain_list = self.action == "list" and not self.request.query_params.get("archived")
        return workshops.unarchived() if is_plain_list else workshops

    def create(self, request: Request) -> Response:
        """Create a workshop. Its WhatsApp community follows by itself: see `community.status`."""
        serializer = WorkshopSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        workshop = services.create_workshop(
            organization_id=self.organization_id, created_by=self.actor, **serializer.validated_data
        )
        return Response(self._render(workshop), status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a workshop. Its community keeps its name."""
        serializer = WorkshopSerializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        workshop = services.update_workshop(workshop=self.get_object(), **serializer.validated_data)
        return Response(self._render(workshop))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a workshop. Its community stays in WhatsApp."""
        services.delete_workshop(workshop=self.get_object())
        return Response(status=204)

    @extend_schema(responses=CommunitySerializer)
    @action(detail=True)
    def community(self, request: Request, pk: str) -> Response:
        """The state of the workshop's community."""
        return Response(CommunitySerializer(self._community()).data)

    @extend_schema(request=RetrySerializer, responses={202: CommunitySerializer})
    @action(detail=True, methods=["post"], url_path="community/retry")
    def retry_community(self, request: Request, pk: str) -> Response:
        """
        Try again what did not come to be. What may exist already is looked up, never created twice.

        `{"anew": true}` forgets an earlier request of which nobody knows what it did: first look in WhatsApp.
        """
        wish = RetrySerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        community = services.retry_community(community=self._community(), is_anew=wish.validated_data["anew"])
        return Response(CommunitySerializer(community).data, status=202)

    @extend_schema(responses=WorkshopPlanSerializer)
    @action(detail=True, url_path="community/preview")
    def preview_community(self, request: Request, pk: str) -> Response:
        """What a community would be given if it were created now, and how the one that there is is called."""
        workshop: Workshop = self.get_object()
        community: Community | None = getattr(workshop, "community", None)
        plan = services.plan_community(workshop=workshop, invite_link=community.invite_link if community else "")
        current = workshop.community_group.name if workshop.community_group else ""
        return Response(WorkshopPlanSerializer({**asdict(plan), "current_name": current}).data)

    @extend_schema(request=None, responses={202: CommunitySerializer})
    @action(detail=True, methods=["post"], url_path="community/renew")
    def renew_community(self, request: Request, pk: str) -> Response:
        """
        Create a new community by the title, date and tag as they are now, in place of the one there is.

        The old one stays in WhatsApp with its people. A change of the workshop alone changes nothing there.
        """
        community = services.renew_community(workshop=self.get_object(), renewed_by=self.actor)
        return Response(CommunitySerializer(community).data, status=202)

    @extend_schema(request=StatusSerializer, responses=WorkshopSerializer)
    @action(detail=True, methods=["post"], url_path="status")
    def change_status(self, request: Request, pk: str) -> Response:
        """Take a step in the workshop's life: `next_statuses` says which there are."""
        wish = StatusSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        return Response(self._render(services.change_status(workshop=self.get_object(), **wish.validated_data)))

    @extend_schema(request=None, responses=WorkshopSerializer)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Take the workshop out of the list. `DELETE` puts it back."""
        return Response(self._render(services.archive_workshop(workshop=self.get_object())))

    @extend_schema(responses=WorkshopSerializer)
    @archive.mapping.delete
    def unarchive(self, request: Request, pk: str) -> Response:
        """Put the workshop back into the list."""
        return Response(self._render(services.unarchive_workshop(workshop=self.get_object())))

    @extend_schema(request=GroupLinkSerializer, responses=WorkshopSerializer)
    @action(detail=True, methods=["post"], url_path="group")
    def link_group(self, request: Request, pk: str) -> Response:
        """
        Link a group that exists: its people are the workshop's, and no community is created.

        A community's parent stands for its announcement group.
        """
        wish = GroupLinkSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        group = get_object_or_404(Group.objects.select_related("parent", "session"), pk=wish.validated_data["group_id"])
        workshop = services.link_group(workshop=self.get_object(), group=group, linked_by=self.actor)
        return Response(self._render(workshop))

    @extend_schema(responses=WorkshopSerializer)
    @link_group.mapping.delete
    def unlink_group(self, request: Request, pk: str) -> Response:
        """Take the workshop its group, which stays in WhatsApp. No community is created until somebody tries again."""
        workshop = services.unlink_group(workshop=self.get_object(), unlinked_by=self.actor)
        return Response(self._render(workshop))

    @extend_schema(request=None, responses={202: SyncRunSerializer})
    @action(detail=True, methods=["post"])
    def sync(self, request: Request, pk: str) -> Response:
        """Sync the members of the workshop's group: answers the run to follow."""
        run = services.sync_members(workshop=self.get_object(), requested_by=self.actor)
        return Response(SyncRunSerializer(run).data, status=202)

    @extend_schema(responses=InviteLinkSerializer)
    @action(detail=True, url_path="invite-link")
    def invite_link(self, request: Request, pk: str) -> Response:
        """The invite link of the workshop's community; empty when none is known."""
        return Response({"invite_link": self._community().invite_link})

    @extend_schema(request=None, responses={201: EventsTicketSerializer})
    @action(detail=True, methods=["post"], url_path="events-ticket")
    def events_ticket(self, request: Request, pk: str) -> Response:
        """
        An address for an EventSource that tells when the workshop's members or community change.

        It can be opened once, within a minute. To come back, ask for a new one and add `&last_event_id=…`.
        """
        with self.tenancy():
            workshop = self.get_object()
        ticket = live.Ticket(self.organization_id, self.user_id, topic=str(workshop.pk))
        token, expires_at = live.issue_ticket(ticket)
        path = f"{reverse('workshop-events', args=[workshop.pk])}?ticket={token}"
        url = f"{settings.LIVE_URL.rstrip('/')}{path}" if settings.LIVE_URL else request.build_absolute_uri(path)
        return Response(EventsTicketSerializer({"url": url, "expires_at": expires_at}).data, status=201)

    def _community(self) -> Community:
        workshop = self.get_object()
        community: Community | None = getattr(workshop, "community", None)
        if community is None:
            raise NotFound("The community of this workshop is not queued yet: look again in a moment.")
        return community

    def _render(self, workshop: Workshop) -> dict[str, object]:
        return dict(WorkshopSerializer(self.get_queryset().get(pk=workshop.pk)).data)
