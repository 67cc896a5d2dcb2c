"""Communities in the API: all of them by their state, and standalone ones from their beginning."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from organizations.roles import Right
from organizations.viewsets import TenantView
from workshops import services
from workshops.models import Community, Workshop
from workshops.serializers import (
    ListedCommunitySerializer,
    NewCommunitySerializer,
    QueuedSerializer,
    RetrySerializer,
    WorkshopLinkSerializer,
    WorkshopSerializer,
)


class CommunityFilter(filters.FilterSet):
    """`?status=`, `&standalone=true` without those of workshops, `false` without the others."""

    standalone = filters.BooleanFilter(field_name="workshop", lookup_expr="isnull", label="Of no workshop.")

    class Meta:
        model = Community
        fields = ["status"]


class CommunityViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantView):
    """Communities of the organization: those of its workshops, and standalone ones."""

    queryset = Community.objects.with_announcement().select_related("workshop", "parent_group")
    serializer_class = ListedCommunitySerializer
    filterset_class = CommunityFilter
    rights = {
        "create": Right.MANAGE_WORKSHOPS,
        "destroy": Right.MANAGE_WORKSHOPS,
        "retry": Right.MANAGE_WORKSHOPS,
        "queue_skipped": Right.MANAGE_WORKSHOPS,
        "link": Right.MANAGE_WORKSHOPS,
    }

    @extend_schema(
        request=NewCommunitySerializer, responses={200: ListedCommunitySerializer, 201: ListedCommunitySerializer}
    )
    def create(self, request: Request) -> Response:
        """
        Create a community of no workshop. It follows by itself: see `status`.

        Asked for again in the same words before it is ready, it answers 200 and the same community.
        """
        wish = NewCommunitySerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        community, is_new = services.create_community(
            organization_id=self.organization_id, created_by=self.actor, **wish.validated_data
        )
        return Response(self._render(community), status=201 if is_new else 200)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Forget a standalone community. What exists of it stays in WhatsApp."""
        services.delete_community(community=self.get_object())
        return Response(status=204)

    @extend_schema(request=RetrySerializer, responses={202: ListedCommunitySerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """
        Try again what did not come to be. What may exist already is looked up, never created twice.

        `{"anew": true}` forgets an earlier request of which nobody knows what it did: first look in WhatsApp.
        """
        wish = RetrySerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        community = services.retry_community(community=self.get_object(), is_anew=wish.validated_data["anew"])
        return Response(self._render(community), status=202)

    @extend_schema(request=None, responses={202: QueuedSerializer})
    @action(detail=False, methods=["post"], url_path="queue-skipped")
    def queue_skipped(self, request: Request) -> Response:
        """Create all communities that were skipped while no session was chosen, one after the other."""
        return Response({"queued": services.queue_skipped(organization_id=self.organization_id)}, status=202)

    @extend_schema(request=WorkshopLinkSerializer, responses=WorkshopSerializer)
    @action(detail=True, methods=["post"])
    def link(self, request: Request, pk: str) -> Response:
        """Give a standalone community to a workshop: its people are the workshop's, and no other is created for it."""
        wish = WorkshopLinkSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        workshop = get_object_or_404(Workshop.objects.all(), pk=wish.validated_data["workshop_id"])
        services.link_community(community=self.get_object(), workshop=workshop, linked_by=self.actor)
        found: QuerySet[Workshop] = Workshop.objects.with_member_count().select_related("community__parent_group")
        return Response(WorkshopSerializer(found.get(pk=workshop.pk)).data)

    def _render(self, community: Community) -> dict[str, object]:
        return dict(self.get_serializer(self.get_queryset().get(pk=community.pk)).data)
