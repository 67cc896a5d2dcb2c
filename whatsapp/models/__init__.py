"""Session, Group, GroupSession, GroupMember, MembershipEvent, SyncRun."""

from whatsapp.models.group import Group
from whatsapp.models.group_session import GroupSession
from whatsapp.models.member import GroupMember
from whatsapp.models.membership_event import MembershipEvent
from whatsapp.models.session import Session
from whatsapp.models.sync_run import SyncRun

__all__ = ["Group", "GroupMember", "GroupSession", "MembershipEvent", "Session", "SyncRun"]
