"""Settings of the whole product. The environment is read by `config.env` alone."""

from datetime import timedelta
from typing import Any

import structlog
from celery.schedules import crontab

from common.logs import mask_phones, mask_tokens
from config import env

BASE_DIR = env.BASE_DIR
LOCAL = env.LOCAL
DEBUG = env.DEBUG
SECRET_KEY = env.SECRET_KEY
ALLOWED_HOSTS = env.ALLOWED_HOSTS

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "corsheaders",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config",
    "webhooks",
    "accounts",
    "organizations",
    "whatsapp",
    "workshops",
    "chat",
    "common",  # last: its post_migrate receiver grants rights on the tables of all the others
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "common.middleware.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "common.tenancy.middleware.AdminTenancyMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False
AUTH_USER_MODEL = "accounts.StaffUser"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = ["config.formats"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# --- the database -----------------------------------------------------------------------------------------------
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

# --- static files, security -------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = None if LOCAL else BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = LOCAL

CORS_ALLOWED_ORIGINS = env.CORS_ALLOWED_ORIGINS
CORS_URLS_REGEX = r"^/api/.*$"
CORS_EXPOSE_HEADERS = ["retry-after"]
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "x-organization"]
CSRF_TRUSTED_ORIGINS = env.CSRF_TRUSTED_ORIGINS
SECURE_SSL_REDIRECT = env.SECURE_SSL_REDIRECT
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.BEHIND_TLS_PROXY else None
SECURE_HSTS_SECONDS = 0 if LOCAL else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not LOCAL
SECURE_HSTS_PRELOAD = not LOCAL
SESSION_COOKIE_SECURE = not LOCAL
CSRF_COOKIE_SECURE = not LOCAL
CSRF_FAILURE_VIEW = "common.responses.csrf_failure"
X_FRAME_OPTIONS = "DENY"

#: Largest request body, in bytes; beyond it the answer is 413.
MAX_BODY_BYTES = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

# --- the API ----------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.HasAppUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["common.filters.FilterBackend"],
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS is for CORS; the OpenAPI document describes the API
    "DEFAULT_PAGINATION_CLASS": "common.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.responses.exception_handler",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Rollcall",
    "DESCRIPTION": "Organizations, their workshops, and the people in their WhatsApp communities.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "PartyKindEnum": "chat.models.Kind",
        "DoubtEnum": "whatsapp.models.SyncRun.Doubt",
        "CommunityStatusEnum": "workshops.models.Community.Status",
        "OrderStatusEnum": "workshops.models.Order.Status",
        "PlatformEnum": "workshops.models.Platform",
        "RegistrationStatusEnum": "workshops.models.Registration.Status",
        "SessionStatusEnum": "whatsapp.models.Session.Status",
        "SourceEnum": "workshops.models.SourceToken.PLATFORMS",
        "WorkshopStatusEnum": "workshops.models.Workshop.Status",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "common.schema.describe_errors",
    ],
}

#: Who may sign session tokens: issuer → {"jwks_url": …, "azp": [allowed authorized parties]}.
TOKEN_ISSUERS = env.TOKEN_ISSUERS

# --- Clerk ------------------------------------------------------------------------------------------------------
CLERK_SECRET_KEY = env.CLERK_SECRET_KEY
#: What webhooks are signed with; two while one is being changed.
CLERK_WEBHOOK_SECRETS = env.CLERK_WEBHOOK_SECRETS
#: Only webhooks of this instance are taken; empty: of any that signs with our secret.
CLERK_INSTANCE_ID = env.CLERK_INSTANCE_ID
CLERK_API_URL = env.CLERK_API_URL
CLERK_API_VERSION = "2025-11-10"
#: Seconds for one call, from the connection to the last byte; shorter for what a person waits for.
CLERK_TIMEOUT = 30.0
CLERK_INTERACTIVE_TIMEOUT = 8.0
#: Rows in one page: the most that Clerk gives.
CLERK_PAGE_SIZE = 500
#: Clerk's roles → ours (organizations/roles.py). One that is not here grants nothing, and the admin tells of it.
CLERK_ROLES = {
    "org:admin": "admin",
    "org:member": "member",
    "org:viewer": "viewer",
    "admin": "admin",  # both are what older applications still send
    "basic_member": "member",
}
#: When more than this share *and* more than this many rows of a kind are gone at once, a person is asked first.
CLERK_IMPLAUSIBLE_SHARE = 0.20
CLERK_IMPLAUSIBLE_COUNT = 10
#: How often one person may ask for a sync, in a minute.
CLERK_SYNCS_PER_MINUTE = 10

# --- WhatsApp ---------------------------------------------------------------------------------------------------
#: name → {"url": …, "api_key": …, "webhook_secrets": […]}. A Session names its gateway.
WHATSAPP_GATEWAYS: dict[str, dict[str, Any]] = env.WHATSAPP_GATEWAYS
WHATSAPP_READ_TIMEOUT = 65.0
#: Asked of every session again and again: one that does not answer must not hold up the others.
WHATSAPP_STATUS_TIMEOUT = 8.0
#: For what a person waits for in a web request.
WHATSAPP_INTERACTIVE_TIMEOUT = 8.0
#: The gateway gives up its own query after 60 s: a shorter timeout here would invent failures.
WHATSAPP_CREATE_TIMEOUT = 75.0
#: Seconds between two creations through one number.
WHATSAPP_CREATE_SPACING_SECONDS = env.WHATSAPP_CREATE_SPACING_SECONDS
#: How long a QR code can be scanned. WhatsApp's live for 20 to 60 s, and the gateway shows each in its time.
WHATSAPP_QR_SECONDS = 60
#: A snapshot in which more than this share *and* more than this many people are gone asks a person.
WHATSAPP_IMPLAUSIBLE_FALL_SHARE = 0.30
WHATSAPP_IMPLAUSIBLE_FALL_COUNT = 10
#: The members of each group are synced again when the last good sync is so many hours old; 0: never by itself.
WHATSAPP_RECONCILE_HOURS = env.WHATSAPP_RECONCILE_HOURS
#: Syncs older than that are deleted at night, but for each group's latest and its latest good one.
WHATSAPP_SYNC_RETENTION_DAYS = 90
#: Hours for which a connected number may tell nothing while its groups change; a session may have its own.
WHATSAPP_SILENCE_HOURS = env.WHATSAPP_SILENCE_HOURS
#: Hours for which a number may be away while something waits for it.
WHATSAPP_AWAY_HOURS = 1.0
#: Seconds within which our clock and a gateway's cannot be told apart.
WHATSAPP_CLOCK_UNCERTAINTY = 2.0

# --- user IDs ---------------------------------------------------------------------------------------------------
#: By this key another server of ours syncs anybody (`POST /api/accounts/sync`); empty: none may.
ACCOUNTS_SERVICE_KEY = env.ACCOUNTS_SERVICE_KEY
#: Where beat writes the weekly report.
USER_ID_REPORT_DIR = env.USER_ID_REPORT_DIR
#: Columns that hold an app user's id without a foreign key: (table, column, kind, detail). Repairs move them, too.
#: Kinds: `actor`, the id after the prefix `detail`; `generic`, the id where column `detail` is the content type of app
#: users; `json`, the text under the key `detail`; `array` and `id`, without a detail. `migrate` tells the database.
USER_ID_COLUMNS = [
    ("django_admin_log", "object_id", "generic", "content_type_id"),
    ("workshops", "created_by", "actor", "user:"),
    ("whatsapp_sync_runs", "requested_by", "actor", "user:"),
    ("chat_conversations", "requested_by", "actor", "user:"),
    ("organizations", "created_by", "id", ""),
    ("organization_reconcile_runs", "requested_by", "actor", "user:"),
    ("workshop_communities", "created_by", "actor", "user:"),
    ("registrations", "corrected_by", "actor", "user:"),
    ("source_tokens", "created_by", "actor", "user:"),
    ("product_mappings", "mapped_by", "actor", "user:"),
    ("alarms", "acknowledged_by", "actor", "user:"),
    ("registration_imports", "requested_by", "actor", "user:"),
]

#: What `erase_person` empties where an e-mail or phone of the person stands: (table, its column, assignments in SQL).
_REGISTRATION = "name = '', email = '', phone_text = '', full_phone = NULL, phone_number = NULL, phone_tail = NULL"
PERSONAL_COLUMNS = [
    ("registrations", "email", f"{_REGISTRATION}, person_key = 'erased:' || id"),
    ("registrations", "full_phone", f"{_REGISTRATION}, person_key = 'erased:' || id"),
    ("orders", "email", "name = '', email = '', phone_text = ''"),
]

# --- webhooks ---------------------------------------------------------------------------------------------------
#: The name in `/webhooks/<name>` → the dotted path of a `webhooks.sources.Source`.
WEBHOOK_SOURCES = {
    "clerk": "organizations.inbound.SOURCE",
    "whatsapp": "whatsapp.inbound.SOURCE",
    "tagmango": "workshops.inbound.tagmango.SOURCE",
    "relay": "workshops.inbound.relay.SOURCE",
    "signed": "workshops.inbound.signed.SOURCE",
    "razorpay": "workshops.inbound.razorpay.SOURCE",
    "stream": "chat.inbound.SOURCE",
}
#: Most events in one request.
WEBHOOK_MAX_EVENTS = 1000
#: Deliveries that have ended are deleted after so many days.
WEBHOOK_RETENTION_DAYS = 90
#: What an event waits for may take so many days to appear; then it is dead.
WEBHOOK_PARKED_DAYS = 7
#: After so many failures in a row a delivery is dead; the pauses double from WEBHOOK_RETRY_SECONDS to an hour.
WEBHOOK_MAX_ATTEMPTS = 10
WEBHOOK_RETRY_SECONDS = 10.0
#: Deliveries handled in one transaction, and how long a drain goes on before it makes room for other tasks.
WEBHOOK_BATCH_SIZE = 100
WEBHOOK_DRAIN_SECONDS = 20.0
#: A handler waits so long for a lock, and may go so long without asking the database anything.
WEBHOOK_LOCK_SECONDS = 10.0
WEBHOOK_IDLE_SECONDS = 60.0
#: How long a process gathers counts of refused deliveries before it writes them; 0: not at all.
WEBHOOK_REFUSED_WRITE_SECONDS = 1.0

# --- alarms -----------------------------------------------------------------------------------------------------
#: Who is told of alarms, by e-mail and by a POST. Empty: nobody; the admin and the log say it anyway.
ALARM_EMAILS = env.ALARM_EMAILS
ALARM_WEBHOOK_URL = env.ALARM_WEBHOOK_URL
globals().update(env.email(env.EMAIL_URL))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.EMAIL_FROM or "rollcall@localhost"
#: Refused deliveries of one source for one reason since yesterday; over when none came for so many hours.
WEBHOOK_ALARM_REFUSED = 20
WEBHOOK_ALARM_QUIET_HOURS = 3
#: Failures in a row of one delivery, hours for which one is parked, seconds for which the oldest due one waits.
WEBHOOK_ALARM_FAILED_ATTEMPTS = 5
WEBHOOK_ALARM_PARKED_HOURS = 24
WEBHOOK_ALARM_WAIT_SECONDS = 300

# --- Stream Chat ------------------------------------------------------------------------------------------------
STREAM_API_KEY = env.STREAM_API_KEY
STREAM_API_SECRET = env.STREAM_API_SECRET
STREAM_BASE_URL = env.STREAM_BASE_URL
#: `user`: a company leads its own channels only. `admin`: its tokens reach everybody's (the deploy check warns).
STREAM_COMPANY_ROLE = env.STREAM_COMPANY_ROLE
#: Stream's user ids are `<prefix>_company_<id>` and `<prefix>_user_<id>`.
STREAM_ID_PREFIX = env.STREAM_ID_PREFIX
#: Seconds for one call, from the connection to the last byte (the SDK's own default).
STREAM_TIMEOUT = 6.0
#: Seconds that a request waits for its conversation; then it answers 202, and a task goes on.
CHAT_DEADLINE_SECONDS = 5.0
#: Seconds that a chat token is good for.
CHAT_TOKEN_SECONDS = 3600

# --- orders -----------------------------------------------------------------------------------------------------
#: organization id → platform (`signed`, `razorpay`) → secrets, two of them while one is being changed.
ORDER_SIGNING_SECRETS: dict[str, dict[str, list[str]]] = env.ORDER_SIGNING_SECRETS
#: Workshops that orders with new names may make within an hour, per organization; beyond it they are held.
WORKSHOPS_FROM_ORDERS_PER_HOUR = env.WORKSHOPS_FROM_ORDERS_PER_HOUR
#: How long the token of a URL lives on after it was replaced, unless the replacer says otherwise.
SOURCE_TOKEN_OVERLAP_HOURS = 24
#: Largest file of registrations, in bytes and in rows. It is uploaded on this page of the admin alone.
IMPORT_MAX_BYTES = 5 * 1024 * 1024
IMPORT_MAX_ROWS = 20_000
UPLOAD_PATH = "/admin/workshops/registrationimport/add/"

# --- live updates -----------------------------------------------------------------------------------------------
#: The address of the live process; empty: that of the request.
LIVE_URL = env.LIVE_URL
#: How often an open page gets a sign of life, and its reader's membership is checked again.
LIVE_HEARTBEAT_SECONDS = env.LIVE_HEARTBEAT_SECONDS
LIVE_TICKET_SECONDS = 60
#: Most pages that one live process keeps open.
LIVE_MAX_STREAMS = 1000

# --- background work --------------------------------------------------------------------------------------------
REDIS_URL = env.REDIS_URL
CELERY_BROKER_URL = env.REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the longest call (create: 75 s). A task delivered twice finds its row claimed and does nothing.
    "visibility_timeout": 180,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    # A publisher never waits for a broker that is away: the row it speaks of is found by a sweep.
    "socket_connect_timeout": 0.5,
    "socket_timeout": 2,
    "max_retries": 0,
}
#: Celery closes the database's connection after so many tasks: never. A new one costs as much as ten short tasks.
CELERY_DB_REUSE_MAX = 10**9
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {
    # Not among those whose silence they would report.
    "webhooks.watch": {"queue": "celery"},
    "webhooks.send_notice": {"queue": "celery"},
    "webhooks.sweep_notices": {"queue": "celery"},
    "webhooks.*": {"queue": "webhooks"},
    "organizations.reconcile": {"queue": "sync"},
    "whatsapp.sync_members": {"queue": "sync"},
    "whatsapp.sync_groups": {"queue": "sync"},
    "workshops.create_community": {"queue": "outbound"},
    "workshops.import_registrations": {"queue": "sync"},
    "whatsapp.connect_session": {"queue": "outbound"},
    "whatsapp.disconnect_session": {"queue": "outbound"},
    "whatsapp.poll_session": {"queue": "outbound"},
    "chat.finish_conversation": {"queue": "outbound"},
    "chat.push_profiles": {"queue": "outbound"},
}
SWEEP_SECONDS = env.SWEEP_SECONDS
CELERY_BEAT_MAX_LOOP_INTERVAL = min(5.0, SWEEP_SECONDS)


def _sweep(task: str) -> dict[str, Any]:
    """Every SWEEP_SECONDS; one that is taken too late expires, since another one follows anyway."""
    expires = max(10.0, SWEEP_SECONDS)
    return {"task": task, "schedule": timedelta(seconds=SWEEP_SECONDS), "options": {"expires": expires}}


def _watch(task: str) -> dict[str, Any]:
    """Every minute."""
    return {"task": task, "schedule": timedelta(seconds=60), "options": {"expires": 60}}


CELERY_BEAT_SCHEDULE = {
    "sweep reconciles": _sweep("organizations.sweep_reconciles"),
    "reconcile organizations": {"task": "organizations.reconcile_nightly", "schedule": crontab(hour=3, minute=10)},
    "sweep communities": _sweep("workshops.sweep_communities"),
    "sweep imports": _sweep("workshops.sweep_imports"),
    "sweep member syncs": _sweep("whatsapp.sweep_sync_runs"),
    "sweep group lists": _sweep("whatsapp.sweep_group_lists"),
    "poll sessions": _sweep("whatsapp.poll_sessions"),
    "sweep webhooks": _sweep("webhooks.sweep"),
    "sweep alarm notices": _sweep("webhooks.sweep_notices"),
    "watch webhooks": _watch("webhooks.watch"),
    "watch organizations": _watch("organizations.watch"),
    "watch sessions": _watch("whatsapp.watch"),
    "watch what waits": _watch("workshops.watch"),
    "reconcile members": _watch("whatsapp.sweep_stale_groups"),
    "sweep chat": _sweep("chat.sweep"),
    "sweep sign-up failures": _sweep("accounts.sweep_failures"),
    "report user ids": {"task": "accounts.weekly_report", "schedule": crontab(day_of_week=1, hour=3, minute=20)},
    "prune syncs": {"task": "whatsapp.prune_sync_runs", "schedule": crontab(hour=2, minute=20)},
    "prune webhooks": {"task": "webhooks.prune_deliveries", "schedule": crontab(hour=2, minute=40)},
}

SANDBOX_URL = env.SANDBOX_URL

# --- logs -------------------------------------------------------------------------------------------------------
_shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.format_exc_info,
    mask_phones,
    mask_tokens,
]
structlog.configure(
    processors=[*_shared_processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": _shared_processors,
        },
    },
    "handlers": {"stdout": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stdout"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        # A Host header of nonsense is answered with 400; scanners send them all day.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}

# --- the admin --------------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Rollcall",
    "SITE_HEADER": "Rollcall",
    "SITE_SYMBOL": "groups",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "config.navigation.icon"}],
    "SHOW_HISTORY": True,
    "STYLES": ["config.navigation.styles"],
    "DASHBOARD_CALLBACK": "workshops.admin.overview.numbers",
    "SIDEBAR": {"navigation": "config.navigation.sidebar"},
}
