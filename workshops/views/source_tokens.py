"""The tokens in the URLs that platforms call, in the API."""

from datetime import timedelta

from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response

from organizations.roles import Right
from organizations.viewsets import TenantView
from workshops import services
from workshops.models import SourceToken
from workshops.serializers import IssuedTokenSerializer, NewTokenSerializer, SourceTokenSerializer


class SourceTokenViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantView):
    """Who may send orders here."""

    queryset = SourceToken.objects.all()
    serializer_class = SourceTokenSerializer
    rights = {"create": Right.CHANGE_SETTINGS, "destroy": Right.CHANGE_SETTINGS}

    @extend_schema(request=NewTokenSerializer, responses={201: IssuedTokenSerializer})
    def create(self, request: Request) -> Response:
        """A new token for a platform, shown this once. Earlier ones are accepted for `overlap_hours` more."""
        wish = NewTokenSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        row, token = services.issue_source_token(
            organization_id=self.organization_id, platform=wish.validated_data["platform"], issued_by=self.actor,
            overlap=timedelta(hours=wish.validated_data["overlap_hours"]),
        )  # fmt: skip
        urls = [request.build_absolute_uri(path) for path in services.paths_of_token(row.platform, token)]
        answer = {**SourceTokenSerializer(row).data, "token": token, "urls": urls}
        return Response(answer, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Refuse its URL from now on."""
        services.revoke_source_token(token=self.get_object())
        return Response(status=204)
