"""System checks of the settings: what is missing is named."""

import base64
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from config import env

_NEEDED = (
    "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS", "TOKEN_ISSUERS", "WHATSAPP_GATEWAYS", "STREAM_API_KEY",
    "STREAM_API_SECRET", "CLERK_SECRET_KEY", "CLERK_WEBHOOK_SECRETS",
)  # fmt: skip


@register(Tags.security, deploy=True)
def check_environment(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Every name of the environment that a deployment needs."""
    return [*_missing(), *_gateways(), *_issuers(), *_clerk(), *_orders(), *_mail()]


def _missing() -> Iterator[CheckMessage]:
    for name in _NEEDED:
        if not getattr(env, name):
            yield Error(f"{name} is not set.", hint="See .env.example.", id="config.E001")


def _gateways() -> Iterator[CheckMessage]:
    for name, gateway in settings.WHATSAPP_GATEWAYS.items():
        for key in ("url", "api_key", "webhook_secrets"):
            if not gateway.get(key):
                hint = 'WHATSAPP_GATEWAYS={"main": {"url": "https://…", "api_key": "…", "webhook_secrets": ["…"]}}'
                yield Error(f"The WhatsApp gateway {name} has no {key}.", hint=hint, id="config.E002")


def _issuers() -> Iterator[CheckMessage]:
    for issuer, facts in settings.TOKEN_ISSUERS.items():
        provider = facts.get("provider", "clerk")
        if provider not in ("clerk", "supabase"):
            hint = "It is clerk (if not said) or supabase."
            yield Error(f"The token issuer {issuer} has an unknown provider, {provider}.", hint=hint, id="config.E003")
        if not (facts.get("jwks_url") or (provider == "supabase" and facts.get("secret"))):
            hint = 'TOKEN_ISSUERS={"https://…": {"jwks_url": "https://…/.well-known/jwks.json"}}'
            yield Error(f"The token issuer {issuer} has no jwks_url, and no secret.", hint=hint, id="config.E003")


def _clerk() -> Iterator[CheckMessage]:
    for number, secret in enumerate(settings.CLERK_WEBHOOK_SECRETS, start=1):
        if not _is_svix_secret(secret):
            hint = (
                "Clerk's dashboard shows it: whsec_ and base64. Two, with a comma between them, while one is changed."
            )
            yield Error(f"CLERK_WEBHOOK_SECRETS: number {number} is no secret of Svix.", hint=hint, id="config.E005")
    for word, role in settings.CLERK_ROLES.items():
        if role not in ("admin", "member", "viewer"):
            hint = "Map it to admin, member or viewer: an organization's creator becomes its owner by themselves."
            yield Error(f"CLERK_ROLES maps {word} to {role}, which grants nothing.", hint=hint, id="config.E006")


def _is_svix_secret(secret: str) -> bool:
    try:
        return len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) >= 16
    except ValueError:
        return False


def _orders() -> Iterator[CheckMessage]:
    hint = 'ORDER_SIGNING_SECRETS={"org_1": {"razorpay": ["…"], "signed": ["whsec_…"]}}'
    for organization, platforms in settings.ORDER_SIGNING_SECRETS.items():
        for platform, secrets in platforms.items():
            where = f"ORDER_SIGNING_SECRETS of {organization}"
            if platform not in ("signed", "razorpay"):
                yield Error(f"{where}: {platform} signs nothing.", hint=hint, id="config.E007")
            elif not isinstance(secrets, list) or not all(secrets):
                yield Error(f"{where}: {platform} needs a list of secrets.", hint=hint, id="config.E007")
            elif platform == "signed" and not all(map(_is_svix_secret, secrets)):
                yield Error(f"{where}: {platform} has one that is not whsec_ and base64.", hint=hint, id="config.E007")


def _mail() -> Iterator[CheckMessage]:
    if settings.ALARM_EMAILS and not env.EMAIL_URL:
        hint = "EMAIL_URL=smtp+tls://USER:PASSWORD@mail.example.com:587"
        yield Error("ALARM_EMAILS is set, and EMAIL_URL is not: nobody could be told.", hint=hint, id="config.E004")
