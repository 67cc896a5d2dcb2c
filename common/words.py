"""Labels in sentences."""


def inside(label: str) -> str:
    """A label as it stands in the middle of a sentence: `Waiting for the QR code` → `waiting for the QR code`."""
    return label[:1].lower() + label[1:]
