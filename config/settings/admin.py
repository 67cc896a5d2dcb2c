"""The admin."""

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
