"""
The environment, read here and nowhere else.

Every name is described in `.env.example`. A name that is missing has an empty value here, and a system check
(`config.checks`) says which one, so that `manage.py check` is the one place that complains. One that is set to nothing
is missing. One that cannot be read stops everything: the error names it, and does not show its value.
"""

import json
import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def _objects(text: str) -> dict[str, dict[str, Any]]:
    value = json.loads(text)
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise ValueError
    return value


_KINDS: dict[Any, str] = {int: "a whole number", float: "a number", _objects: "JSON: an object of objects"}


class _Env(environ.Env):
    def get_value(self, var: str, cast: Any = None, default: Any = None, parse_default: bool = False) -> Any:
        if not self.ENVIRON.get(var):
            return default
        try:
            return super().get_value(var, cast=cast, default=default, parse_default=parse_default)
        except ValueError:
            raise ImproperlyConfigured(f"{var} is not {_KINDS.get(cast, 'readable')}. See .env.example.") from None


_env = _Env()
environ.Env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"), overwrite=False)

LOCAL = _env.bool("LOCAL", default=False)
DEBUG = _env.bool("DEBUG", default=False)
SECRET_KEY = _env.str("SECRET_KEY", default="")
ALLOWED_HOSTS: list[str] = _env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = _env.list("CSRF_TRUSTED_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS: list[str] = _env.list("CORS_ALLOWED_ORIGINS", default=[])
SECURE_SSL_REDIRECT = _env.bool("SECURE_SSL_REDIRECT", default=not LOCAL)
BEHIND_TLS_PROXY = _env.bool("BEHIND_TLS_PROXY", default=False)

DATABASE_URL = _env.str("DATABASE_URL", default="")
DATABASE_OWNER_URL = _env.str("DATABASE_OWNER_URL", default="")
REDIS_URL = _env.str("REDIS_URL", default="")

TOKEN_ISSUERS: dict[str, dict[str, object]] = _env.get_value("TOKEN_ISSUERS", cast=_objects, default={})
WHATSAPP_GATEWAYS: dict[str, dict[str, Any]] = _env.get_value("WHATSAPP_GATEWAYS", cast=_objects, default={})
CLERK_SECRET_KEY = _env.str("CLERK_SECRET_KEY", default="")
CLERK_WEBHOOK_SECRETS: list[str] = _env.list("CLERK_WEBHOOK_SECRETS", default=[])
CLERK_INSTANCE_ID = _env.str("CLERK_INSTANCE_ID", default="")
CLERK_API_URL = _env.str("CLERK_API_URL", default="https://api.clerk.com/v1").rstrip("/")
ORDER_SIGNING_SECRETS: dict[str, dict[str, list[str]]] = _env.get_value(
    "ORDER_SIGNING_SECRETS", cast=_objects, default={}
)
WORKSHOPS_FROM_ORDERS_PER_HOUR = _env.int("WORKSHOPS_FROM_ORDERS_PER_HOUR", default=5)

ACCOUNTS_SERVICE_KEY = _env.str("ACCOUNTS_SERVICE_KEY", default="")
USER_ID_REPORT_DIR = _env.str("USER_ID_REPORT_DIR", default=str(BASE_DIR / ".data" / "reports"))

PROCESS_KIND = _env.str("PROCESS_KIND", default="web")
WHATSAPP_CREATE_SPACING_SECONDS = _env.float("WHATSAPP_CREATE_SPACING_SECONDS", default=20.0)
WHATSAPP_RECONCILE_HOURS = _env.float("WHATSAPP_RECONCILE_HOURS", default=24.0)
WHATSAPP_SILENCE_HOURS = _env.int("WHATSAPP_SILENCE_HOURS", default=24)
SWEEP_SECONDS = _env.float("SWEEP_SECONDS", default=10.0)
LIVE_URL = _env.str("LIVE_URL", default="")
LIVE_HEARTBEAT_SECONDS = _env.float("LIVE_HEARTBEAT_SECONDS", default=15.0)
ALARM_EMAILS: list[str] = _env.list("ALARM_EMAILS", default=[])
ALARM_WEBHOOK_URL = _env.str("ALARM_WEBHOOK_URL", default="")
EMAIL_URL = _env.str("EMAIL_URL", default="")
EMAIL_FROM = _env.str("EMAIL_FROM", default="")
STREAM_API_KEY = _env.str("STREAM_API_KEY", default="")
STREAM_API_SECRET = _env.str("STREAM_API_SECRET", default="")
STREAM_WEBHOOK_SECRETS: list[str] = _env.list("STREAM_WEBHOOK_SECRETS", default=[])
STREAM_BASE_URL = _env.str("STREAM_BASE_URL", default="https://chat.stream-io-api.com")
STREAM_COMPANY_ROLE = _env.str("STREAM_COMPANY_ROLE", default="user")
STREAM_ID_PREFIX = _env.str("STREAM_ID_PREFIX", default="onecrew")
SANDBOX_URL = _env.str("SANDBOX_URL", default="")


def database(url: str) -> dict[str, object]:
    """Django's settings for one PostgreSQL URL, `{}` for an empty one."""
    if url and not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured("A database's URL begins with postgres://. See DATABASE_URL in .env.example.")
    return dict(_env.db_url_config(url)) if url else {}


def email(url: str) -> dict[str, object]:
    """Django's settings for one mail server's URL; an empty one is a server on this machine."""
    try:
        return dict(_env.email_url_config(url)) if url else {}
    except ImproperlyConfigured:
        raise ImproperlyConfigured("EMAIL_URL is not a mail server's address. See .env.example.") from None
