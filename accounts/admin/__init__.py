"""Staff logins and people of the product in the admin."""

from accounts.admin.app_users import AppUserAdmin
from accounts.admin.repairs import RepairAdmin
from accounts.admin.staff_users import StaffUserAdmin
from accounts.admin.sync_failures import SyncFailureAdmin
from accounts.admin.sync_status import SyncStatusAdmin

__all__ = ["AppUserAdmin", "RepairAdmin", "StaffUserAdmin", "SyncFailureAdmin", "SyncStatusAdmin"]
