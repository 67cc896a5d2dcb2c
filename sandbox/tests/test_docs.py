"""docs/sandbox*.md leave nothing out."""

import dataclasses
import re
from pathlib import Path

import pytest

from sandbox import clerk, gateway, stream
from sandbox.app import create_app
from sandbox.clerk import variants as clerk_variants
from sandbox.gateway.variants import VARIANTS
from sandbox.kinds import COMMON
from sandbox.lab import Lab, Settings
from sandbox.stream import variants as stream_variants
from sandbox.webhooks import mischief
from sandbox.webhooks.signing import FORMS
from sandbox.webhooks.switches import Switches

_PAGES = sorted((Path(__file__).resolve().parents[2] / "docs").glob("sandbox*.md"))
_MANUAL = "\n".join(page.read_text() for page in _PAGES)
_SERVICES = (gateway.SERVICE, clerk.SERVICE, stream.SERVICE)
_KINDS = {**COMMON, **{name: kind for service in _SERVICES for name, kind in service.kinds.items()}}


def _row(name: str) -> str:
    return next(line for line in _MANUAL.splitlines() if line.startswith(f"| `{name}` |"))


@pytest.mark.parametrize("name", _KINDS)
def test_every_fault_is_in_the_manual_with_its_parameters(name: str) -> None:
    for param in _KINDS[name].params:
        assert f"`{param}`" in _row(name)


_CHOICES = {**VARIANTS, **stream_variants.VARIANTS, **clerk_variants.VARIANTS}


@pytest.mark.parametrize("name", _CHOICES)
def test_every_variant_is_in_the_manual_with_its_words(name: str) -> None:
    assert ", ".join(_CHOICES[name]) in _row(name)


@pytest.mark.parametrize("name", mischief.KINDS)
def test_every_mischief_is_in_the_manual_with_its_parameters(name: str) -> None:
    for param in mischief.KINDS[name].params:
        assert f"`{param}`" in _row(name)


def test_every_switch_and_signature_of_webhooks_is_in_the_manual() -> None:
    for field in dataclasses.fields(Switches):
        assert _row(field.name)
    assert all(f"`{form}`" in _row("signature") for form in FORMS)


def test_every_control_path_is_in_the_manual() -> None:
    rules = create_app(Lab(Settings())).url_map.iter_rules()
    for rule in rules:
        if rule.rule.startswith("/control"):
            method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            path = re.sub(r"<(?:int:)?(\w+)>", r"{\1}", rule.rule)
            assert f"`{method} {path}`" in _MANUAL


def test_every_operation_is_in_the_manual() -> None:
    for service in _SERVICES:
        for operation in service.operations:
            assert f"`{operation}`" in _MANUAL
