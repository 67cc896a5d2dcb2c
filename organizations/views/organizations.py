"""Organizations in the API."""

from contextlib import AbstractContextManager
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common import tenancy
from organizations import services
from organizations.models import Membership
from organizations.roles import Right
from organizations.serializers import MembershipSerializer, MyOrganizationSerializer, OrganizationSerializer
from organizations.viewsets import TenantView


class OrganizationViewSet(TenantView):
    """The caller's organizations. The path names the organization here, not the token."""

    queryset = Membership.objects.none()
    serializer_class = OrganizationSerializer
    rights = {"partial_update": Right.CHANGE_SETTINGS}
    lookup_value_regex = "[^/]+"
    keyset = "created_at"

    def claimed_organization_id(self, request: Request) -> str:
        """The path's; the list has none."""
        return str(self.kwargs.get("pk", ""))

    def tenancy(self) -> AbstractContextManager[None]:
        """The list is the person's own, everything else the organization's."""
        return super().tenancy() if self.organization_id else tenancy.person(self.user_id)

    def _check_membership(self) -> None:
        if self.organization_id:
            super()._check_membership()

    @extend_schema(responses=MyOrganizationSerializer(many=True))
    def list(self, request: Request) -> Response:
        """My organizations, with my role in each."""
        mine: QuerySet[Membership] = Membership.objects.filter(user_id=self.user_id, organization__deleted_at=None)
        mine = mine.select_related("organization")
        page = self.paginate_queryset(mine)
        return self.get_paginated_response(MyOrganizationSerializer(page, many=True).data)

    @extend_schema(responses=MyOrganizationSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One organization of mine."""
        return Response(MyOrganizationSerializer(self.membership).data)

    @extend_schema(request=OrganizationSerializer, responses=MyOrganizationSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change settings."""
        serializer = OrganizationSerializer(self.membership.organization, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        changes: dict[str, Any] = dict(serializer.validated_data)
        self.membership.organization = services.update_settings(organization=self.membership.organization, **changes)
        return Response(MyOrganizationSerializer(self.membership).data)

    @extend_schema(responses=MembershipSerializer(many=True))
    @action(detail=True)
    def members(self, request: Request, pk: str) -> Response:
        """Who belongs to the organization."""
        public = ["user__id", "user__username", "user__full_name", "user__profile_image"]
        rows = Membership.objects.select_related("user").only("role", "created_at", *public)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(MembershipSerializer(page, many=True).data)
