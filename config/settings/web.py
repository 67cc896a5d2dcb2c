"""Static files, browsers' security, the size of bodies."""

from config import env

STATIC_URL = "/static/"
STATIC_ROOT = None if env.LOCAL else env.BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if env.LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = env.LOCAL

CORS_ALLOWED_ORIGINS = env.CORS_ALLOWED_ORIGINS
CORS_URLS_REGEX = r"^/api/.*$"
CORS_EXPOSE_HEADERS = ["retry-after"]
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "x-organization"]
CSRF_TRUSTED_ORIGINS = env.CSRF_TRUSTED_ORIGINS
SECURE_SSL_REDIRECT = env.SECURE_SSL_REDIRECT
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.BEHIND_TLS_PROXY else None
SECURE_HSTS_SECONDS = 0 if env.LOCAL else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not env.LOCAL
SECURE_HSTS_PRELOAD = not env.LOCAL
SESSION_COOKIE_SECURE = not env.LOCAL
CSRF_COOKIE_SECURE = not env.LOCAL
CSRF_FAILURE_VIEW = "common.responses.csrf_failure"
X_FRAME_OPTIONS = "DENY"

#: Largest request body, in bytes; beyond it the answer is 413.
MAX_BODY_BYTES = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
