"""What a relay or a signed sender must say of an order, field by field, in words that its operator understands."""

from typing import Any

from workshops.inbound import fields

_LONGEST = 255
_LONGEST_PHONE = 20


def problems_of_relay(body: dict[str, Any]) -> dict[str, list[str]]:
    """What is wrong with a relay's body, by field; empty: nothing."""
    said = fields.folded_keys(body)
    checks = {
        "name": _text(said.get("name"), _LONGEST),
        "email": _email(said.get("email")),
        "phone": _text(said.get("phone"), _LONGEST_PHONE),
        "workshop_name": _text(said.get("workshopname"), _LONGEST),
        "amount": _amount(said.get("amount")),
    }
    return {name: [problem] for name, problem in checks.items() if problem}


def problems_of_order(data: dict[str, Any]) -> dict[str, list[str]]:
    """What is wrong with the `data` of a signed event: it must say which order, of what, and by whom."""
    said = fields.folded_keys(data)
    found = {}
    if not fields.text(said.get("orderid")):
        found["order_id"] = ["This is missing."]
    if not (fields.text(said.get("productid")) or fields.text(said.get("workshopname"))):
        found["workshop_name"] = ["Say what was bought: workshop_name or product_id."]
    if not (fields.text(said.get("phone")) or fields.text(said.get("email"))):
        found["phone"] = ["Say who bought it: phone or email."]
    return found


def _text(value: Any, longest: int) -> str:
    if value is None or value == "" or (isinstance(value, str) and not value.strip()):
        return "This is missing."
    if not (found := fields.text(value)):
        return "This must be text."
    return f"This has {len(found)} characters; at most {longest} are allowed." if len(found) > longest else ""


def _email(value: Any) -> str:
    return _text(value, _LONGEST) or ("" if "@" in fields.text(value) else "This is no e-mail address: it has no @.")


def _amount(value: Any) -> str:
    if value is None or value == "":
        return "This is missing."
    return "" if fields.amount(value) is not None else "This must be a number, 0 or more."
