"""The mirror over the API: bring the caller's organization in step now, and how the mirror is."""

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsSignedIn
from accounts.principal import Principal
from common import tenancy
from common.errors import DomainError
from common.vendors import VendorError
from organizations import outbound, services
from organizations.models import Membership
from organizations.serializers import MirrorHealthSerializer, MyOrganizationSerializer
from organizations.throttling import SyncThrottle
from organizations.viewsets import OrganizationNotFound, claimed_organization


class ClerkUnavailable(DomainError):
    """Clerk did not answer; what is here stays as it is."""

    code = "clerk_unavailable"
    status = 503
    message = "The sign-in service did not answer as it should. Try again shortly."


class SyncView(APIView):
    """What an app calls on sign-in, on switching organization, and when a 404 says that the mirror lags behind."""

    permission_classes = [IsSignedIn]
    throttle_classes = [SyncThrottle]

    @extend_schema(request=None, responses=MyOrganizationSerializer, operation_id="organizations_sync")
    def post(self, request: Request) -> Response:
        """
        Ask Clerk for the caller, their organization and their role in it, keep that, and answer as the mirror holds it.

        The organization is the token's, or the `X-Organization` header's. Works before the account is set up here.
        """
        principal = cast(Principal, request.user)
        organization_id = claimed_organization(request, principal)
        try:
            outbound.sync_person(user_id=principal.sub, organization_id=organization_id)
        except outbound.NotAMember as error:
            raise OrganizationNotFound from error
        except VendorError as error:
            raise ClerkUnavailable from error
        with tenancy.tenant(organization_id, user_id=principal.sub):
            mine = Membership.objects.select_related("organization").filter(
                organization_id=organization_id, user_id=principal.sub, organization__deleted_at=None
            )
            membership = mine.first()
            if membership is None:
                raise OrganizationNotFound
            return Response(MyOrganizationSerializer(membership).data)


class SyncStatusView(APIView):
    """How the mirror is, without a word about whose rows it holds."""

    @extend_schema(responses=MirrorHealthSerializer, operation_id="organizations_sync_status")
    def get(self, request: Request) -> Response:
        """The last webhook, what waits, what failed, the last reconcile and what it found."""
        with tenancy.system():
            health = services.mirror_health()
        return Response(MirrorHealthSerializer(health).data)
