"""Shapes of who registered and who is in the group, in the API."""

from typing import Any

from rest_framework import serializers

from workshops.services import participation


class ParticipationSerializer(serializers.Serializer[Any]):
    """
    The six buckets. `registered` = `matched` + `missing`, and `in_group` = `matched` + `unregistered` + `hidden`.

    `matched_weakly` of the matched share only the last ten digits of a phone. Rates are null while nobody registered.
    """

    registered = serializers.IntegerField()
    in_group = serializers.IntegerField()
    missing = serializers.IntegerField()
    left = serializers.IntegerField()
    unregistered = serializers.IntegerField()
    hidden = serializers.IntegerField()
    matched = serializers.IntegerField()
    matched_weakly = serializers.IntegerField()
    matched_of_registered = serializers.FloatField(allow_null=True)
    in_group_of_registered = serializers.FloatField(allow_null=True)


class PeopleWishSerializer(serializers.Serializer[Any]):
    """Whom to list, and in which order."""

    search = serializers.CharField(
        max_length=100, default="", allow_blank=True, help_text="Part of a name, an e-mail or a phone"
    )
    match = serializers.ChoiceField(choices=[*participation.Match.choices, ("none", "none")], default="")
    ordering = serializers.ChoiceField(choices=participation.ORDERINGS, default="")


class PersonSerializer(serializers.Serializer[Any]):
    """
    Somebody of a bucket. `phone` is the registration's (as written where it is no phone number), else the member's;
    `group_phone` is the member's. With a weak match the two differ.
    """

    id = serializers.UUIDField()
    registration_id = serializers.UUIDField(allow_null=True)
    member_id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    phone = serializers.CharField()
    group_phone = serializers.CharField()
    email = serializers.CharField()
    registered_at = serializers.DateTimeField(allow_null=True)
    joined_at = serializers.DateTimeField(allow_null=True)
    left_at = serializers.DateTimeField(allow_null=True)
    match = serializers.ChoiceField(choices=participation.Match.choices, allow_blank=True)
    is_admin = serializers.BooleanField()


class DaysWishSerializer(serializers.Serializer[Any]):
    """How far back to look."""

    days = serializers.IntegerField(min_value=1, max_value=366, default=90)


class DaySerializer(serializers.Serializer[Any]):
    """A day in the organization's zone."""

    day = serializers.DateField()
    joined = serializers.IntegerField()
    left = serializers.IntegerField()


class TimelineSerializer(serializers.Serializer[Any]):
    """The days on which somebody joined or left, oldest first."""

    days = DaySerializer(many=True)
