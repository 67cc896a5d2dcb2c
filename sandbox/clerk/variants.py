"""What differs between Clerk applications: the first word of each is the usual one."""

from collections.abc import Mapping

VARIANTS: Mapping[str, tuple[str, ...]] = {
    "timestamp": ("seconds", "milliseconds"),
    "slug": ("given", "absent"),
    "roles": ("prefixed", "legacy"),
    "public_user_data": ("given", "absent"),
    "created_by": ("given", "absent"),
    "instance_id": ("given", "absent"),
    "cascade": ("silent", "told"),
}
DEFAULT_STYLE: Mapping[str, str] = {name: words[0] for name, words in VARIANTS.items()}
