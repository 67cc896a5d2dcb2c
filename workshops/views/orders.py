"""Registrations, their orders, and what they are bought as, in the API."""

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from organizations.roles import Right
from organizations.viewsets import TenantView
from workshops import services
from workshops.models import Order, Platform, ProductMapping, Registration
from workshops.serializers import (
    MappedWorkshopSerializer,
    MapSerializer,
    OrderSerializer,
    PhoneSerializer,
    ProductMappingSerializer,
    RawOrderSerializer,
    RegistrationSerializer,
)


class RegistrationFilter(filters.FilterSet):
    """`?workshop=`, `&mapping=`, `&status=`, `&has_phone=`, `&search=` part of a name, beginning of e-mail or phone."""

    workshop = filters.UUIDFilter(field_name="workshop_id")
    mapping = filters.UUIDFilter(field_name="mapping_id")
    status = filters.ChoiceFilter(choices=Registration.Status.choices)
    has_phone = filters.BooleanFilter(field_name="full_phone", lookup_expr="isnull", exclude=True)
    search = filters.CharFilter(method="find")

    class Meta:
        model = Registration
        fields: list[str] = []

    def find(self, people: QuerySet[Registration], _: str, text: str) -> QuerySet[Registration]:
        """By name, e-mail or phone."""
        begins = Q(email__startswith=text.lower()) | Q(full_phone__startswith=text.replace(" ", ""))
        return people.filter(Q(name__icontains=text) | begins | Q(phone_text__startswith=text))


class RegistrationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantView):
    """People who signed up."""

    queryset = Registration.objects.all()
    serializer_class = RegistrationSerializer
    filterset_class = RegistrationFilter
    keyset = "-registered_at"
    rights = {"correct_phone": Right.MANAGE_WORKSHOPS}

    @extend_schema(request=PhoneSerializer, responses=RegistrationSerializer)
    @action(detail=True, methods=["post"], url_path="phone")
    def correct_phone(self, request: Request, pk: str) -> Response:
        """Say what somebody's number really is. Orders that repeat the wrong one find them still."""
        wish = PhoneSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        registration = services.correct_phone(
            registration=self.get_object(), phone_text=wish.validated_data["phone"], corrected_by=self.actor
        )
        return Response(RegistrationSerializer(registration).data)


class OrderFilter(filters.FilterSet):
    """`?registration=`, `&platform=`, `&status=`, `&mapping=`."""

    registration = filters.UUIDFilter(field_name="registration_id")
    mapping = filters.UUIDFilter(field_name="mapping_id")
    platform = filters.ChoiceFilter(choices=Platform.choices)
    status = filters.ChoiceFilter(choices=Order.Status.choices)

    class Meta:
        model = Order
        fields: list[str] = []


class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantView):
    """Orders as their platforms told them."""

    queryset = Order.objects.all()
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    keyset = "-occurred_at"

    def get_queryset(self) -> QuerySet[Order]:
        """A list does without what the platforms sent."""
        orders: QuerySet[Order] = super().get_queryset()
        return orders.defer("payloads") if self.action == "list" else orders

    def get_serializer_class(self) -> Any:
        """One order shows what its platform sent."""
        return RawOrderSerializer if self.action == "retrieve" else OrderSerializer


class ProductMappingFilter(filters.FilterSet):
    """`?needs_mapping=true`, `&workshop=`, `&search=` part of a name."""

    needs_mapping = filters.BooleanFilter(field_name="workshop", lookup_expr="isnull")
    workshop = filters.UUIDFilter(field_name="workshop_id")
    search = filters.CharFilter(field_name="name", lookup_expr="icontains")

    class Meta:
        model = ProductMapping
        fields: list[str] = []


class ProductMappingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantView):
    """Names that platforms sell, and the workshops that they are."""

    queryset = ProductMapping.objects.with_held()
    serializer_class = ProductMappingSerializer
    filterset_class = ProductMappingFilter
    rights = {"map": Right.MANAGE_WORKSHOPS, "create_workshop": Right.MANAGE_WORKSHOPS}

    @extend_schema(request=MapSerializer, responses=ProductMappingSerializer)
    @action(detail=True, methods=["post"])
    def map(self, request: Request, pk: str) -> Response:
        """
        Say which workshop this is: everybody who was held is placed there, and so is whoever buys it from now on.

        Another workshop moves them; null holds them again.
        """
        wish = MapSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        services.map_product(mapping=self.get_object(), mapped_by=self.actor, **wish.validated_data)
        return self.retrieve(request, pk)

    @extend_schema(request=MappedWorkshopSerializer, responses=ProductMappingSerializer)
    @action(detail=True, methods=["post"], url_path="workshop")
    def create_workshop(self, request: Request, pk: str) -> Response:
        """Make the workshop that this is, with its community, and place everybody who was held."""
        wish = MappedWorkshopSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        services.create_mapped_workshop(mapping=self.get_object(), mapped_by=self.actor, **wish.validated_data)
        return self.retrieve(request, pk)
