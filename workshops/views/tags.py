"""Tags in the API."""

from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from organizations.roles import Right
from organizations.viewsets import TenantView
from workshops import services
from workshops.models import Tag
from workshops.serializers import PlanSerializer, PreviewSerializer, TagSerializer


class TagViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantView):
    """Kinds of workshops, each with what a new community of that kind is given."""

    queryset = Tag.objects.all()
    serializer_class = TagSerializer
    rights = {
        "create": Right.CHANGE_SETTINGS,
        "partial_update": Right.CHANGE_SETTINGS,
        "destroy": Right.CHANGE_SETTINGS,
        "make_default": Right.CHANGE_SETTINGS,
        "preview": Right.READ,
    }

    @extend_schema(responses={201: TagSerializer})
    def create(self, request: Request) -> Response:
        """Make a tag. The organization's first one is its default."""
        serializer = TagSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        tag = services.create_tag(organization_id=self.organization_id, **serializer.validated_data)
        return Response(TagSerializer(tag).data, status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a tag. Communities that exist already stay as they are."""
        serializer = TagSerializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        tag = services.update_tag(tag=self.get_object(), **serializer.validated_data)
        return Response(TagSerializer(tag).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a tag: its workshops go by the default one."""
        services.delete_tag(tag=self.get_object())
        return Response(status=204)

    @extend_schema(request=None, responses=TagSerializer)
    @action(detail=True, methods=["post"], url_path="default")
    def make_default(self, request: Request, pk: str) -> Response:
        """Let workshops without a tag go by this one."""
        return Response(TagSerializer(services.make_default_tag(tag=self.get_object())).data)

    @extend_schema(request=PreviewSerializer, responses=PlanSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """What a tag would make of a workshop. Nothing is saved."""
        wish = PreviewSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        values = dict(wish.validated_data)
        workshop, organization = values.pop("workshop_id", None), self.membership.organization
        plan = services.preview_tag(tag=Tag(**values), organization=organization, workshop=workshop)
        return Response(PlanSerializer(plan).data)
