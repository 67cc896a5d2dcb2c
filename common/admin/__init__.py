"""What the admins of all apps share."""

from common.admin.actions import ActionsMixin, actor
from common.admin.base import ReadOnlyMixin, TenantAdmin, TextInputsMixin
from common.admin.forms import TenantForm, TenantInline
from common.admin.paginator import EstimatingPaginator

__all__ = [
    "ActionsMixin",
    "EstimatingPaginator",
    "ReadOnlyMixin",
    "TenantAdmin",
    "TenantForm",
    "TenantInline",
    "TextInputsMixin",
    "actor",
]
