"""WhatsApp in the API."""

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from django_filters.utils import translate_validation
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from common.vendors import VendorError
from organizations.roles import Right
from organizations.viewsets import TenantView
from whatsapp import outbound, refusals, services
from whatsapp.models import Group, GroupMember, Session, SyncRun
from whatsapp.models.group import GroupQuerySet
from whatsapp.serializers import (
    ChosenSessionSerializer,
    GroupMemberSerializer,
    GroupSerializer,
    InviteLinkSerializer,
    SessionSerializer,
    SyncRunSerializer,
)


class MemberFilter(filters.FilterSet):
    """`?status=active|left&search=` part of a phone or LID, `&is_admin=`."""

    search = filters.CharFilter(method="by_text")

    class Meta:
        model = GroupMember
        fields = ["status", "is_admin"]

    def by_text(self, queryset: QuerySet[GroupMember], name: str, value: str) -> QuerySet[GroupMember]:
        """Digits are looked for in phones and LIDs, however they are written."""
        digits = "".join(character for character in value if character.isdigit())
        if not digits:
            return queryset.none()
        return queryset.filter(
            Q(full_phone__contains=digits) | Q(phone_number__contains=digits) | Q(lid__contains=digits)
        )


class GroupFilter(filters.FilterSet):
    """`?kind=`, `&session=` its own number, `&seen_by=` any number that is in it, `&linkable=true` to a workshop."""

    seen_by = filters.UUIDFilter(field_name="seen_by__session")
    linkable = filters.BooleanFilter(method="by_use", label="Groups that hold people and belong to no workshop.")

    class Meta:
        model = Group
        fields = ["kind", "session"]

    def by_use(self, queryset: GroupQuerySet, name: str, value: bool) -> GroupQuerySet:
        """Only those that may be linked to a workshop; `false` leaves them all."""
        return services.linkable(queryset) if value else queryset


class SessionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantView):
    """WhatsApp numbers of the organization."""

    queryset = Session.objects.all()
    serializer_class = SessionSerializer
    filterset_fields = ["status"]
    rights = {
        "create": Right.MANAGE_SESSIONS,
        "choose": Right.MANAGE_SESSIONS,
        "unchoose": Right.MANAGE_SESSIONS,
        "connect": Right.MANAGE_SESSIONS,
        "disconnect": Right.MANAGE_SESSIONS,
        "sync_groups": Right.SYNC,
    }

    def get_serializer_context(self) -> dict[str, Any]:
        """With the chosen session, so that no row asks for it."""
        membership = getattr(self, "membership", None)
        chosen = membership.organization.community_session_id if membership else None
        return {**super().get_serializer_context(), "community_session_id": chosen}

    def create(self, request: Request) -> Response:
        """Connect a new number: follow the session until its QR code is there, and scan it."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        session = services.create_session(organization_id=self.organization_id, **serializer.validated_data)
        return Response(self.get_serializer(session).data, status=201)

    @extend_schema(request=None, responses={202: SessionSerializer})
    @action(detail=True, methods=["post"])
    def connect(self, request: Request, pk: str) -> Response:
        """Connect a number again that is disconnected or logged out: it may show a new QR code."""
        session = services.reconnect_session(session=self.get_object())
        return Response(self.get_serializer(session).data, status=202)

    @extend_schema(request=None, responses={202: SessionSerializer})
    @action(detail=True, methods=["post"])
    def disconnect(self, request: Request, pk: str) -> Response:
        """Log a number out. Its groups stay; its work waits until it is connected again."""
        session = services.disconnect_session(session=self.get_object())
        return Response(self.get_serializer(session).data, status=202)

    @extend_schema(request=None, responses={202: SessionSerializer})
    @action(detail=True, methods=["post"], url_path="sync-groups")
    def sync_groups(self, request: Request, pk: str) -> Response:
        """Ask the number for its groups: `groups_synced_at` and `groups_reason` say what came of it."""
        session = services.request_group_list(session=self.get_object())
        return Response(self.get_serializer(session).data, status=202)

    @extend_schema(request=None, responses=ChosenSessionSerializer)
    @action(detail=True, methods=["post"])
    def choose(self, request: Request, pk: str) -> Response:
        """
        Create the organization's communities through this number from now on. It must be connected.

        `skipped_communities` were skipped before: `POST /api/communities/queue-skipped` creates them all.
        """
        self.membership.organization = services.choose_community_session(session=self.get_object())
        skipped = services.skipped_communities(organization_id=self.organization_id)
        number = sum(each.number for each in skipped)
        return Response({**self.get_serializer(self.get_object()).data, "skipped_communities": number})

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def unchoose(self, request: Request, pk: str) -> Response:
        """Create no more communities through this number."""
        self.membership.organization = services.unchoose_community_session(session=self.get_object())
        return Response(self.get_serializer(self.get_object()).data)


class GroupViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantView):
    """Groups of the organization, with their members."""

    queryset = Group.objects.with_counts().prefetch_related("seen_by")
    serializer_class = GroupSerializer
    filterset_class = GroupFilter
    rights = {"sync": Right.SYNC, "fetch_invite_link": Right.SYNC}
    vendor_actions = frozenset({"fetch_invite_link"})

    @extend_schema(
        responses=GroupMemberSerializer(many=True),
        parameters=[
            OpenApiParameter("status", str, enum=["active", "left"]),
            OpenApiParameter("is_admin", bool),
            OpenApiParameter("search", str, description="Part of a phone number or LID"),
        ],
    )
    @action(detail=True, filter_backends=[])
    def members(self, request: Request, pk: str) -> Response:
        """Who is in the group, and who left."""
        self.keyset = "-joined_at"
        filtered = MemberFilter(request.query_params, GroupMember.objects.filter(group=self._bare_group()))
        if not filtered.is_valid():
            raise translate_validation(filtered.errors)
        page = self.paginate_queryset(filtered.qs)
        return self.get_paginated_response(GroupMemberSerializer(page, many=True).data)

    @extend_schema(request=None, responses={202: SyncRunSerializer})
    @action(detail=True, methods=["post"])
    def sync(self, request: Request, pk: str) -> Response:
        """Sync the members: answers the run to follow, the one under way if there is one."""
        run = services.request_sync(group=self._bare_group(), requested_by=self.actor)
        return Response(SyncRunSerializer(run).data, status=202)

    @extend_schema(responses=InviteLinkSerializer)
    @action(detail=True, url_path="invite-link")
    def invite_link(self, request: Request, pk: str) -> Response:
        """The invite link as we know it; empty when we know none."""
        return Response({"invite_link": self._bare_group().invite_link})

    @extend_schema(request=None, responses=InviteLinkSerializer)
    @invite_link.mapping.post
    def fetch_invite_link(self, request: Request, pk: str) -> Response:
        """Ask the gateway for the link, and keep it."""
        with self.tenancy():
            group = self._bare_group()
        try:
            group = outbound.fetch_invite_link(group_id=group.pk, organization_id=self.organization_id)
        except VendorError as error:
            raise refusals.explain(error) from error
        return Response({"invite_link": group.invite_link})

    def _bare_group(self) -> Group:
        """The group without its counts, which cost a pass over its members."""
        group: Group = get_object_or_404(Group.objects.all(), pk=self.kwargs["pk"])
        return group


class SyncRunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantView):
    """Syncs of members: the one to follow, and those before it."""

    queryset = SyncRun.objects.all()
    serializer_class = SyncRunSerializer
    filterset_fields = ["group", "status"]
    rights = {"confirm": Right.SYNC}

    @extend_schema(request=None, responses={202: SyncRunSerializer})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Apply despite the doubts: a new run fetches the list afresh and overrules the doubts of this one."""
        run = services.confirm_run(run=self.get_object(), requested_by=self.actor)
        return Response(SyncRunSerializer(run).data, status=202)
