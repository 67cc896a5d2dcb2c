"""How a gateway may spell its answers and behave where gateways differ: each choice with its allowed words."""

from collections.abc import Mapping

#: The first word of each choice is the default.
VARIANTS: Mapping[str, tuple[str, ...]] = {
    "group_list": ("object", "list"),
    "group_id": ("id", "jid", "groupId"),
    "group_name": ("name", "subject"),
    "group_participants": ("number", "list", "text", "empty", "absent"),
    "group_size": ("absent", "participantsCount", "size"),
    "group_admin": ("isAdmin", "iAmAdmin", "absent"),
    "group_marks": ("given", "absent"),
    "group_invite": ("inviteLink", "invite_link", "inviteCode"),
    "invite": ("inviteCode", "inviteLink"),
    "invite_code": ("real", "undefined"),
    "participant": ("object", "text", "json"),
    "participant_id": ("lid", "lid_device", "c.us", "s.whatsapp.net"),
    "participant_phone": ("digits", "plus", "jid"),
    "hidden_phone": ("absent", "null", "empty", "lid_digits"),
    "total": ("number", "text", "absent"),
    "qr": ("qr", "qrCode"),
    "created_group_id": ("parent", "announcement"),
    "created_community_id": ("given", "absent"),
    "created_announcement_id": ("given", "absent"),
    "created_invite": ("given", "absent"),
    "general_group": ("none", "named_general", "same_name"),
    "parent_list": ("admins", "item_not_found"),
    "send_to_parent": ("refused_later", "refused_at_once"),
    "idempotency": ("ignored", "honoured"),
    "event_copies": ("every_session", "first_session"),
    "event_stamp": ("happened", "emitted", "emitted_late"),
    "event_time": ("iso", "seconds", "milliseconds"),
    "event_precision": ("exact", "whole_seconds"),
}

DEFAULT_STYLE: Mapping[str, str] = {name: words[0] for name, words in VARIANTS.items()}
