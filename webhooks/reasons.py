"""Why deliveries are refused: the constants that are counted, in words, and what to do about each."""

_SECRET = (
    "Compare the secret that the sender signs with and the one in our settings. What was refused is not kept: once the "
    "secret is right, fetch what was missed by a sync."
)
_ADDRESS = "Something posts to an address that we do not have. If it is a sender of ours, correct its address."
_NO_SECRET = "Nothing can be believed without one: set what the sender signs with in our settings."
_TOO_MUCH = "Let the sender send less in one request, or raise the limit in our settings (docs/webhooks.md)."
_UNREADABLE = "The sender is ours, and we cannot read what it sends: it may have changed its format. The log has more."
_STUMBLED = "error_"

_WORDS = {
    "wrong_signature": "the signature is not one of our secret's",
    "no_signature": "there is no signature",
    "no_secret_configured": "we have no secret to compare the signature with",
    "no_secret_is_set": "the organization has no secret to compare the signature with",
    "wrong_token": "the token in the address is none of ours, or too old",
    "unknown_source": "there is no such address",
    "unknown_path": "there is no such address",
    "unknown_gateway": "the address names a gateway that we do not have",
    "other_instance": "it comes from another instance of Clerk",
    "no_event": "there is no event in it",
    "no_type": "the event does not say what it is",
    "not_json": "it is not JSON",
    "not_an_object": "it is JSON of another shape",
    "not_gzip": "it is damaged: it cannot be unpacked",
    "too_large": "it is too large once it is unpacked",
    "nested_too_deeply": "it is nested too deeply",
    "too_many_events": "it has too many events",
    "too_much_to_store": "its events are too large together",
    "not_storable": "the database cannot hold it",
    "others": "for too many different reasons to count each",
}
_ADVICE = {
    "wrong_signature": _SECRET,
    "no_signature": f"The sender does not sign what it sends, or somebody else posts there. {_SECRET}",
    "unknown_source": _ADDRESS,
    "unknown_path": _ADDRESS,
    "unknown_gateway": _ADDRESS,
    "no_secret_configured": _NO_SECRET,
    "no_secret_is_set": _NO_SECRET,
    "wrong_token": "Give the sender the present address: its token was replaced, or somebody else posts there.",
    "other_instance": "Compare the instance of Clerk that sends and the one in our settings.",
    "too_many_events": _TOO_MUCH,
    "too_much_to_store": _TOO_MUCH,
}


def in_words(reason: str) -> str:
    """What a person reads in place of a reason, as the end of a sentence."""
    if reason.startswith(_STUMBLED):
        return f"our reader stumbled over it ({reason.removeprefix(_STUMBLED)})"
    return _WORDS.get(reason, reason.replace("_", " "))


def advice(reason: str) -> str:
    """What an operator may do about it."""
    return _ADVICE.get(reason, _UNREADABLE)
