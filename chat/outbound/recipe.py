"""
The recipe: everybody exists, the channel is made, everybody is in it, and each step is verified from its own answer.

Nothing waits for Stream to notice something: what it has not noticed yet comes back as a refusal that names people, who
are then pushed once more. Known people are not pushed at all: an upsert for each conversation would cap everybody at
300 conversations a minute.
"""

from collections.abc import Callable, Collection, Mapping

import structlog

from chat.client import Channel, ChannelNotThere, StreamClient, UsersMissing
from chat.outbound.deadline import Deadline
from chat.outbound.pushing import push
from chat.services import Person, Plan
from common.vendors import Invalid, RetrySoon, VendorError

log = structlog.get_logger(__name__)


class MembersMissing(VendorError):
    """Stream took everybody in, and some are not in the channel all the same."""

    code = "members_missing"

    def __init__(self, ids: Collection[str]) -> None:
        super().__init__(f"Stream left out {', '.join(sorted(ids))}, twice. Try again later.")
        self.ids = frozenset(ids)


class PeopleGone(VendorError):
    """Some of the participants were deleted or deactivated in Stream."""

    code = "participants_gone"

    def __init__(self, ids: Collection[str]) -> None:
        super().__init__(f"Deactivated or deleted in Stream: {', '.join(sorted(ids))}. Let them back in there.")
        self.ids = frozenset(ids)


class Recipe:
    """One attempt at one conversation."""

    def __init__(self, plan: Plan, deadline: Deadline) -> None:
        self._plan, self._deadline = plan, deadline
        self._client = StreamClient(deadline.left)

    def bring_about(self) -> Channel:
        """
        The channel, with everybody in it.

        :raises PeopleGone: some can take no part
        :raises MembersMissing: some are left out whatever we do
        :raises VendorError: any other refusal; what time can cure only once there is no time left
        """
        self._push([person for person in self._plan.people if not person.is_known])
        channel = self._settled(self._create)
        if absent := self._absent(channel):
            log.warning("members are missing", cid=channel.cid, ids=sorted(absent))
            channel = self._settled(lambda: self._add(absent))
        if absent := self._absent(channel):
            raise MembersMissing(absent)
        return self._with_roles(channel)

    def _create(self) -> Channel:
        plan, conversation = self._plan, self._plan.conversation
        data = {name: getattr(conversation, name) for name in ("name", "context") if getattr(conversation, name)}
        return self._client.create_channel(
            conversation.channel_type, conversation.channel_id,
            creator=plan.speaker.stream_id, members=plan.members, data=data,
        )  # fmt: skip

    def _add(self, members: Mapping[str, str]) -> Channel:
        conversation = self._plan.conversation
        return self._client.add_members(conversation.channel_type, conversation.channel_id, members)

    def _settled(self, step: Callable[[], Channel]) -> Channel:
        """A step, repeated with those pushed whom it misses, as long as there is time."""
        while True:
            try:
                return self._deadline.retry(step)
            except UsersMissing as error:
                missing = error.ids or set(self._plan.members)
                self._push([person for person in self._plan.people if person.stream_id in missing])
                self._deadline.pause(RetrySoon(error.detail))
            except ChannelNotThere as error:
                self._deadline.pause(RetrySoon(error.detail))
                step = self._create

    def _push(self, people: Collection[Person]) -> None:
        """:raises PeopleGone: some can take no part. :raises Invalid: Stream refuses somebody's profile"""
        if not people:
            return
        pushed = push(self._client, self._deadline, people)
        log.info("participants synced", count=len(pushed.done), ids=sorted(pushed.done))
        if pushed.gone:
            raise PeopleGone(pushed.gone)
        for stream_id, error in pushed.refused.items():
            raise Invalid(f"Stream refuses the profile of {stream_id}: {error.detail}")

    def _absent(self, channel: Channel) -> dict[str, str]:
        """Who should be in the channel and is not: id in Stream → role in the channel."""
        return {stream_id: role for stream_id, role in self._plan.members.items() if stream_id not in channel.members}

    def _with_roles(self, channel: Channel) -> Channel:
        """Roles of people who were in already, which adding leaves as they are."""
        wrong = {who: role for who, role in self._plan.members.items() if channel.members[who] not in (role, "")}
        if not wrong:
            return channel
        conversation = self._plan.conversation
        return self._deadline.retry(
            lambda: self._client.assign_roles(conversation.channel_type, conversation.channel_id, wrong)
        )
