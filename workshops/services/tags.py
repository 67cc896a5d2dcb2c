"""Tags: made, changed, and one of them the default."""

from typing import Any

from django.db import IntegrityError, transaction

from common.errors import DomainError
from workshops.models import Tag
from workshops.services.locks import lock_tags_of

_CHANGEABLE = frozenset(
    {"name", "name_template", "description_template", "picture_url", "is_announcement", "is_restricted"}
)


class TagNameTaken(DomainError):
    """Two tags of one organization have different names, case aside."""

    code = "tag_name_taken"
    status = 409
    message = "There is a tag of this name already."


class TagIsDefault(DomainError):
    """While there are others, the default tag stays."""

    code = "tag_is_default"
    status = 409
    message = "This is the default tag. Make another one the default first."


@transaction.atomic
def create_tag(*, organization_id: str, **values: Any) -> Tag:
    """
    A new tag, whose values the caller has validated. The first one is the default.

    :raises TagNameTaken: there is one of this name
    """
    lock_tags_of(organization_id)
    is_first = not Tag.objects.filter(organization_id=organization_id).exists()
    return _saved(Tag(organization_id=organization_id, is_default=is_first, **values))


@transaction.atomic
def update_tag(*, tag: Tag, **changes: Any) -> Tag:
    """
    Change a tag. Communities that exist already stay as they are.

    :raises TagNameTaken: there is another one of this name
    :raises ValueError: a name that cannot be changed, which is a mistake of ours
    """
    if unknown := changes.keys() - _CHANGEABLE:
        raise ValueError(f"not changeable: {', '.join(sorted(unknown))}")
    lock_tags_of(tag.organization_id)
    for name, value in changes.items():
        setattr(tag, name, value)
    return _saved(tag, update_fields=[*changes, "updated_at"])


@transaction.atomic
def make_default_tag(*, tag: Tag) -> Tag:
    """Let workshops without a tag go by this one. A second call changes nothing."""
    lock_tags_of(tag.organization_id)
    Tag.objects.filter(organization_id=tag.organization_id, is_default=True).exclude(pk=tag.pk).update(is_default=False)
    tag.is_default = True
    tag.save(update_fields=["is_default", "updated_at"])
    return tag


@transaction.atomic
def delete_tag(*, tag: Tag) -> None:
    """
    Delete a tag. Its workshops go by the default one from then on.

    :raises TagIsDefault: it is the default, and there are others
    """
    lock_tags_of(tag.organization_id)
    tag.refresh_from_db(fields=["is_default"])
    if tag.is_default and Tag.objects.filter(organization_id=tag.organization_id).exclude(pk=tag.pk).exists():
        raise TagIsDefault
    tag.delete()


def _saved(tag: Tag, *, update_fields: list[str] | None = None) -> Tag:
    try:
        with transaction.atomic():
            tag.save(update_fields=update_fields)
    except IntegrityError as error:
        raise TagNameTaken from error
    return tag
