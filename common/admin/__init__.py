"""What the admins of all apps share."""

from common.admin.actions import ActionsMixin, action, actor
from common.admin.base import ReadOnlyMixin, TenantAdmin, TextInputsMixin
from common.admin.forms import TenantForm, TenantInline
from common.admin.html import badge, link, moment, who, wide
from common.admin.lists import BigListMixin

__all__ = [
    "ActionsMixin",
    "BigListMixin",
    "ReadOnlyMixin",
    "TenantAdmin",
    "TenantForm",
    "TenantInline",
    "TextInputsMixin",
    "action",
    "actor",
    "badge",
    "link",
    "moment",
    "who",
    "wide",
]
