"""App users that others need before the identity provider has told of them."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from accounts.services.news import tell_of_profiles

#: What is known already stands, but for names and pictures that were unknown.
_ENSURE = """
INSERT INTO app_users AS known (id, full_name, profile_image)
SELECT id, full_name, profile_image
FROM unnest(%s::text[], %s::text[], %s::text[]) AS person (id, full_name, profile_image) ORDER BY id
ON CONFLICT (id) DO UPDATE SET
  full_name = coalesce(nullif(known.full_name, ''), excluded.full_name),
  profile_image = coalesce(nullif(known.profile_image, ''), excluded.profile_image), updated_at = now()
WHERE known.full_name = '' AND excluded.full_name <> '' OR known.profile_image = '' AND excluded.profile_image <> ''
"""


@transaction.atomic
def ensure_people(people: Mapping[str, Mapping[str, Any]]) -> None:
    """
    See that each id has an app user, as a membership that comes before its person needs: id → what is known of them.

    `full_name` and `profile_image` are kept. An e-mail is not, whoever says it: only one that the provider confirmed
    may stand in app_users, since repairs match people by it.
    """
    if not people:
        return
    names, images = ([str(known.get(key) or "") for known in people.values()] for key in ("full_name", "profile_image"))
    with connection.cursor() as cursor:
        cursor.execute(_ENSURE, [list(people), names, images])
    tell_of_profiles(people)
