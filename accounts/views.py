"""People in the API. These answer before there is an app user."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.authentication import BearerAuthentication
from accounts.principal import Principal
from accounts.serializers import MeSerializer, SyncAnswerSerializer, SyncHealthSerializer, SyncRequestSerializer
from accounts.service_key import Service, ServiceKeyAuthentication
from common.errors import DomainError

_SAID = {
    "created": "Your account is set up.",
    "updated": "Your account is up to date again.",
    "unchanged": "Your account was in step.",
}


class SyncUnhealthy(DomainError):
    """Nobody new would get an app user."""

    code = "sync_unhealthy"
    status = 503
    message = "The trigger that sets up accounts is missing or disabled: run `manage.py migrate`."


class SyncView(APIView):
    """One person brought in step: oneself, or anybody with the service key."""

    authentication_classes = [ServiceKeyAuthentication, BearerAuthentication]

    def get_permissions(self) -> list[Any]:
        """Its health is no secret."""
        return [AllowAny()] if self.request.method == "GET" else [IsAuthenticated()]

    @extend_schema(responses=SyncHealthSerializer)
    def get(self, request: Request) -> Response:
        """Whether it works."""
        if not services.follows_identities():
            raise SyncUnhealthy
        return Response({"success": True, "message": "Accounts are kept in step."})

    @extend_schema(request=SyncRequestSerializer, responses=SyncAnswerSerializer)
    def post(self, request: Request) -> Response:
        """See that the account is here and in step; safe to repeat."""
        serializer = SyncRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data
        is_service = isinstance(request.user, Service)
        if not is_service and wanted["userId"] != getattr(request.user, "sub", None):
            raise PermissionDenied("You can only bring your own account in step.")
        arrival = services.sync_person(
            id=wanted["userId"], email=wanted["email"], username=wanted.get("username", ""),
            metadata=wanted.get("metadata"), is_trusted=is_service,
        )  # fmt: skip
        data = {"action": arrival.action, "user": arrival.person}
        return Response(SyncAnswerSerializer({"success": True, "message": _SAID[arrival.action], "data": data}).data)


class MeView(APIView):
    """The caller."""

    authentication_classes = [BearerAuthentication]
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who I am here, and whether my account is in step."""
        principal = request.user
        assert isinstance(principal, Principal), "BearerAuthentication says so"
        person = next((each for each in services.look_at(ids=[principal.sub]) if each.user_id == principal.sub), None)
        why = person.why if person else "Nobody has told us of this account yet."
        state = person.state if person else None
        return Response(MeSerializer({"user": principal.app_user, "state": state, "why": why}).data)
