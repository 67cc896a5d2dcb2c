"""Who registered for a workshop and who is in its group, in the API."""

from typing import Any
from uuid import UUID

from django.http import Http404, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from common.pagination import bad_cursor, decode_cursor, encode_cursor, page_response, page_size
from organizations.viewsets import TenantView
from workshops.models import Workshop
from workshops.serializers import (
    DaysWishSerializer,
    ParticipationSerializer,
    PeopleWishSerializer,
    PersonSerializer,
    TimelineSerializer,
)
from workshops.services import participation
from workshops.services.participation import Bucket, People

_BUCKET = OpenApiParameter("bucket", str, OpenApiParameter.PATH, enum=Bucket.values)


class ParticipationView(TenantView):
    """Counts, people and days of one workshop."""

    queryset = Workshop.objects.select_related("organization")
    serializer_class = ParticipationSerializer

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Whoever asks for text/csv gets a sheet where there is one, and errors in JSON."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(responses=ParticipationSerializer)
    def count(self, request: Request, workshop_id: UUID) -> Response:
        """The six buckets, and the two rates."""
        found = participation.count_people(workshop=self._workshop())
        return Response(ParticipationSerializer(found).data)

    @extend_schema(
        responses=PersonSerializer(many=True),
        parameters=[_BUCKET, PeopleWishSerializer, OpenApiParameter("cursor", str), OpenApiParameter("page_size", int)],
    )
    def people(self, request: Request, workshop_id: UUID, bucket: str) -> Response:
        """The people of a bucket."""
        cursor = request.query_params.get("cursor")
        after, limit = decode_cursor(cursor) if cursor else None, page_size(request)
        try:
            page = participation.list_people(self._people(bucket), after=after, limit=limit)
        except participation.CursorUnknown as error:
            raise bad_cursor() from error
        data = PersonSerializer(page.people, many=True).data
        return page_response(request, data, encode_cursor(*page.next) if page.next else None)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR}, parameters=[_BUCKET, PeopleWishSerializer])
    def sheet(self, request: Request, workshop_id: UUID, bucket: str) -> StreamingHttpResponse:
        """The people of a bucket as CSV, all of them."""
        return sheet_response(self._people(bucket))

    @extend_schema(responses=TimelineSerializer, parameters=[DaysWishSerializer])
    def days(self, request: Request, workshop_id: UUID) -> Response:
        """How many joined and left, day by day in the organization's zone. Days without either are not listed."""
        wish = DaysWishSerializer(data=request.query_params)
        wish.is_valid(raise_exception=True)
        days = participation.list_days(workshop=self._workshop(), **wish.validated_data)
        return Response(TimelineSerializer({"days": days}).data)

    def _people(self, bucket: str) -> People:
        if bucket not in Bucket.values:
            raise Http404
        wish = PeopleWishSerializer(data=self.request.query_params)
        wish.is_valid(raise_exception=True)
        return People(workshop=self._workshop(), bucket=bucket, **wish.validated_data)

    def _workshop(self) -> Workshop:
        workshop: Workshop = get_object_or_404(self.get_queryset(), pk=self.kwargs["workshop_id"])
        return workshop


def sheet_response(people: People) -> StreamingHttpResponse:
    """The CSV as a download, named after its workshop and bucket."""
    title = slugify(people.workshop.title)[:80] or "workshop"
    response = StreamingHttpResponse(participation.write_sheet(people), content_type="text/csv; charset=utf-8")
    name = f"{title}-{people.bucket}.csv"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    response["Cache-Control"] = "no-store"
    return response
