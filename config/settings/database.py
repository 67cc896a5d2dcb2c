"""The databases: `default`, and `owner` where DATABASE_OWNER_URL is set."""

from typing import Any

from config import env

# `default` is the unprivileged login of everything; `owner` exists only where DATABASE_OWNER_URL is set, for
# setup_database and migrate. Django refuses persistent connections and a pool at once, so the ASGI process, which
# serves many threads, has the pool, and WSGI and Celery have persistent connections with health checks.


def _database(url: str) -> dict[str, Any]:
    pooled = env.PROCESS_KIND == "live"
    return {
        **env.database(url),
        "CONN_MAX_AGE": 0 if pooled else None,
        "CONN_HEALTH_CHECKS": not pooled,
        "OPTIONS": {"connect_timeout": 5, **({"pool": {"min_size": 1, "max_size": 10}} if pooled else {})},
    }


DATABASES = {alias: _database(url) for alias, url in {"default": env.DATABASE_URL}.items() if url} or {
    "default": {"ENGINE": "django.db.backends.postgresql", "NAME": "rollcall"}
}
if env.DATABASE_OWNER_URL:
    DATABASES["owner"] = _database(env.DATABASE_OWNER_URL)

#: Columns of tables without an organization that the tenant role may read.
TENANT_READABLE_COLUMNS = {"app_users": ["id", "username", "full_name", "profile_image"]}
