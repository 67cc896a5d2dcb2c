"""StaffUser logs in to the admin; AppUser is a person of the product, whose login, an AuthUser, the provider owns."""

from accounts.models.app_user import AppUser
from accounts.models.auth_user import AuthUser
from accounts.models.repair import Repair
from accounts.models.staff_user import StaffUser
from accounts.models.sync_failure import SyncFailure
from accounts.models.sync_status import SyncStatus
from accounts.models.user_id_column import UserIdColumn

__all__ = ["AppUser", "AuthUser", "Repair", "StaffUser", "SyncFailure", "SyncStatus", "UserIdColumn"]
