"""The API, its document, and who may sign the tokens of its callers."""

from config import env

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
