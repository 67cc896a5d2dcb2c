"""Chat in the API: conversations of the caller and of their organization, and tokens for the browser."""

from contextlib import AbstractContextManager
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chat import outbound, services
from chat.models import Conversation, Kind
from chat.serializers import ConversationSerializer, OpeningSerializer, TokenRequestSerializer, TokenSerializer
from chat.services import NotAParticipant, Party
from common import tenancy
from organizations.roles import RIGHTS, Right
from organizations.viewsets import OrganizationRequired, RoleForbids, TenantView


class ChatView(TenantView):
    """
    The caller speaks as themselves, with an organization or without one; and for the organization of the request, where
    their role reaches that far.
    """

    def claimed_organization_id(self, request: Request) -> str:
        """The request's organization, if it names one: people without any can chat, too."""
        try:
            return super().claimed_organization_id(request)
        except OrganizationRequired:
            return ""

    def tenancy(self) -> AbstractContextManager[None]:
        """The organization's, or the person's own."""
        return super().tenancy() if self.organization_id else tenancy.person(self.user_id)

    def _check_membership(self) -> None:
        if self.organization_id:
            super()._check_membership()

    @property
    def person(self) -> Party:
        """The caller."""
        return Party(Kind.USER, self.user_id)

    @property
    def company(self) -> Party | None:
        """The organization of the request."""
        return Party(Kind.COMPANY, self.organization_id) if self.organization_id else None

    def speakers(self) -> list[Party]:
        """Whom the caller may speak as, the organization first."""
        may_speak = self.company and Right.SPEAK in RIGHTS.get(self.membership.role, frozenset())
        return [self.company, self.person] if self.company and may_speak else [self.person]

    def speaker(self, parties: list[Party]) -> Party:
        """
        Whom the caller speaks as among the participants.

        :raises RoleForbids: for the organization, and their role does not reach that far
        :raises NotAParticipant: for nobody
        """
        for speaker in self.speakers():
            if speaker in parties:
                return speaker
        if self.company in parties:
            self.refuse_role()
        raise NotAParticipant

    def refuse_role(self) -> None:
        """:raises RoleForbids: always"""
        role = self.membership.role
        raise RoleForbids(f"Your role ({role}) may read, but not speak for {self.membership.organization}.")


class ConversationViewSet(ChatView):
    """Conversations. Opening one that exists gives it back, with everybody in it who had left or was taken out."""

    queryset = Conversation.objects.all()
    serializer_class = ConversationSerializer
    rights = {"create": Right.READ, "repair": Right.READ, "destroy": Right.READ}
    vendor_actions = frozenset({"create", "repair", "destroy"})
    keyset = "-active_at"
    filterset_fields = ["status", "context"]

    def get_queryset(self) -> QuerySet[Conversation]:
        """Those that the caller or their organization takes part in, by the table's policy, and has not left."""
        return Conversation.objects.still_joined()

    def list(self, request: Request) -> Response:
        """Mine and my organization's, the latest spoken in first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        seats = services.seats(conversations=page)
        return self.get_paginated_response(ConversationSerializer(page, many=True, context={"seats": seats}).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One of them."""
        return self._shown(self.get_object())

    @extend_schema(
        request=OpeningSerializer,
        responses={200: ConversationSerializer, 201: ConversationSerializer, 202: ConversationSerializer},
    )
    def create(self, request: Request) -> Response:
        """
        Open a conversation. 201: it is new. 200: it was there. 202: Stream takes long, look at it again in a moment.
        """
        serializer = OpeningSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        parties = serializer.parties()
        opened = outbound.open_conversation(
            parties=parties, speaker=self.speaker(parties), requested_by=self.actor,
            name=serializer.validated_data["name"], context=serializer.validated_data["context"],
        )  # fmt: skip
        conversation = opened.conversation
        content = ConversationSerializer(conversation, context={"seats": {conversation.pk: opened.seats}}).data
        return Response(content, status=202 if not conversation.is_ready else 201 if opened.is_new else 200)

    @extend_schema(request=None, responses={200: ConversationSerializer, 202: ConversationSerializer})
    @action(detail=True, methods=["post"])
    def repair(self, request: Request, pk: str) -> Response:
        """Push everybody to Stream anew, and bring back whoever is missing."""
        with self.tenancy():
            conversation = self.get_object()
        seconds = settings.CHAT_DEADLINE_SECONDS
        repaired = outbound.repair_conversation(conversation_id=conversation.pk, seconds=seconds)
        return self._shown(repaired, status=200 if repaired.is_ready else 202)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Leave. The organization leaves when it takes part and the caller may speak for it, else the caller."""
        with self.tenancy():
            conversation = self.get_object()
        outbound.leave(conversation_id=conversation.pk, speakers=self.speakers())
        return Response(status=204)

    def _shown(self, conversation: Conversation, status: int = 200) -> Response:
        seats = services.seats(conversations=[conversation])
        return Response(ConversationSerializer(conversation, context={"seats": seats}).data, status=status)


class TokenViewSet(ChatView):
    """Tokens for Stream's SDK in a browser."""

    queryset = Conversation.objects.none()
    serializer_class = TokenSerializer
    rights = {"create": Right.READ}
    vendor_actions = frozenset({"create"})

    @extend_schema(request=TokenRequestSerializer, responses={201: TokenSerializer})
    def create(self, request: Request) -> Response:
        """A short-lived token, for the caller (`user`) or for the organization of the request (`company`)."""
        serializer = TokenRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wish: dict[str, Any] = serializer.validated_data
        party = self.person if wish["as"] == Kind.USER else self._company_that_speaks()
        stream_id, issued = outbound.issue_token(party=party, holder=self.user_id)
        content = {
            "api_key": settings.STREAM_API_KEY, "user_id": stream_id, "token": issued.token,
            "expires_at": issued.expires_at,
        }  # fmt: skip
        return Response(TokenSerializer(content).data, status=201)

    def _company_that_speaks(self) -> Party:
        """:raises OrganizationRequired: the request names none. :raises RoleForbids: the caller may not speak for it"""
        company = self.company
        if company is None:
            raise OrganizationRequired
        if company not in self.speakers():
            self.refuse_role()
        return company
