"""What each group of a list is: a community's parent, its announcement group, or neither."""

from collections.abc import Mapping

from whatsapp.client import ListedGroup
from whatsapp.models import Group

_Kind = Group.Kind


def kinds_of(listed: Mapping[str, ListedGroup], rows: Mapping[str, Group]) -> dict[str, str]:
    """
    The kind of each listed JID, of each parent that is named, and of each known row.

    What the list says goes before what is known. Where it is silent, what others call their parent is one, and the
    only group of a known community that has its name is its announcement group.
    """
    parents = {group.linked_parent for group in listed.values() if group.linked_parent}
    kinds = {jid: group.kind for jid, group in rows.items()} | dict.fromkeys(parents, str(_Kind.COMMUNITY_PARENT))
    for jid, group in listed.items():
        if group.is_announcement:
            kinds[jid] = _Kind.ANNOUNCEMENT
        elif group.is_community:
            kinds[jid] = _Kind.COMMUNITY_PARENT
        else:
            kinds.setdefault(jid, _Kind.GROUP)
    for parent in parents:
        if (found := _announcement(parent, listed, rows, kinds)) and kinds[found] == _Kind.GROUP:
            kinds[found] = _Kind.ANNOUNCEMENT
    return kinds


def _announcement(
    parent: str, listed: Mapping[str, ListedGroup], rows: Mapping[str, Group], kinds: Mapping[str, str]
) -> str | None:
    """By its name: a community's General group is in the list as well, and has its parent, too."""
    name = _fold(_name(parent, listed, rows))
    is_known = parent in rows or (parent in listed and listed[parent].is_community)
    children = [group for group in listed.values() if group.linked_parent == parent]
    if not name or not is_known or any(kinds[group.jid] == _Kind.ANNOUNCEMENT for group in children):
        return None
    namesakes = [group.jid for group in children if group.is_announcement is None and _fold(group.name) == name]
    return namesakes[0] if len(namesakes) == 1 else None


def _name(jid: str, listed: Mapping[str, ListedGroup], rows: Mapping[str, Group]) -> str:
    return (listed[jid].name if jid in listed else "") or (rows[jid].name if jid in rows else "")


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()
