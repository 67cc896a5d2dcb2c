"""How Stream may behave where it is not established: each choice with its allowed words."""

from collections.abc import Mapping

#: The first word of each choice is the default.
VARIANTS: Mapping[str, tuple[str, ...]] = {
    "missing_separator": ("space", "comma"),
    "upsert_without_role": ("resets", "keeps"),
    "upsert_after_revocation": ("keeps", "forgets"),
    "deactivated_at_create": ("refused", "allowed"),
    "add_member_again": ("ignored", "changes_role"),
    "rate_text": ("known", "other"),
    "header_case": ("lower", "title"),
}

DEFAULT_STYLE: Mapping[str, str] = {name: words[0] for name, words in VARIANTS.items()}
