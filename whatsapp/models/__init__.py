"""Session, Group, GroupMember, MembershipEvent, SyncRun."""

from whatsapp.models.group import Group
from whatsapp.models.member import GroupMember
from whatsapp.models.membership_event import MembershipEvent
from whatsapp.models.session import Session
from whatsapp.models.sync_run import SyncRun

__all__ = ["Group", "GroupMember", "MembershipEvent", "Session", "SyncRun"]
