"""WhatsApp in the admin."""

from whatsapp.admin.groups import GroupAdmin
from whatsapp.admin.members import GroupMemberAdmin
from whatsapp.admin.membership_events import MembershipEventAdmin
from whatsapp.admin.sessions import SessionAdmin
from whatsapp.admin.sync_runs import SyncRunAdmin

__all__ = ["GroupAdmin", "GroupMemberAdmin", "MembershipEventAdmin", "SessionAdmin", "SyncRunAdmin"]
