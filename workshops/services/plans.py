"""What a community is to look like: a workshop's by the templates of its tag or organization, filled."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from organizations import placeholders
from organizations.models import Organization
from workshops.models import Community, Tag, Workshop
from workshops.models.community import DESCRIPTION_CHARS, NAME_CHARS

_LINK = f"{{{placeholders.INVITE_LINK}}}"
#: Stands for a link in previews: there is none before there is a community.
EXAMPLE_LINK = "https://chat.whatsapp.com/…"


@dataclass(frozen=True, slots=True)
class CommunityPlan:
    """
    What is said to the gateway.

    The invite link is known only afterwards, and the gateway cannot change a description: so `description` lacks the
    lines that hold the link, and `full_description` has them, to be put there by hand.
    """

    name: str
    description: str
    full_description: str
    picture_url: str
    is_announcement: bool
    is_restricted: bool


def plan_of(*, community: Community) -> CommunityPlan:
    """The plan of a community: of its workshop, or what was wished for a standalone one."""
    if community.workshop:
        return plan_community(workshop=community.workshop, invite_link=community.invite_link)
    text = community.wished_description
    return CommunityPlan(
        name=community.wished_name, description=text, full_description=text, picture_url="",
        is_announcement=True, is_restricted=True,
    )  # fmt: skip


def plan_community(*, workshop: Workshop, invite_link: str = "") -> CommunityPlan:
    """The plan of a workshop's community, as things are now. Without a tag it goes by the default one."""
    tag = workshop.tag or Tag.objects.filter(organization_id=workshop.organization_id, is_default=True).first()
    return plan_with(tag=tag, workshop=workshop, invite_link=invite_link)


def preview_tag(*, tag: Tag, organization: Organization, workshop: Workshop | None = None) -> CommunityPlan:
    """What a tag, saved or not, would make of a workshop; of one that is made up when there is none."""
    return plan_with(tag=tag, workshop=workshop or _example(organization), invite_link=EXAMPLE_LINK)


def plan_with(*, tag: Tag | None, workshop: Workshop, invite_link: str) -> CommunityPlan:
    """The plan by this tag, or by the organization's templates alone."""
    organization = workshop.organization
    texts = _texts(workshop, organization)
    by_name = (tag and tag.name_template) or organization.community_name_template
    by_description = (tag and tag.description_template) or organization.community_description_template
    name = placeholders.fill(by_name, texts).strip() or workshop.title
    full = placeholders.fill(by_description, {**texts, placeholders.INVITE_LINK: invite_link})
    return CommunityPlan(
        name=name[:NAME_CHARS].strip(),
        description=placeholders.fill(_without_link(by_description), texts)[:DESCRIPTION_CHARS],
        full_description=full[:DESCRIPTION_CHARS],
        picture_url=tag.picture_url if tag else "",
        is_announcement=tag.is_announcement if tag else True,
        is_restricted=tag.is_restricted if tag else True,
    )


def _without_link(template: str) -> str:
    """Without the lines that hold the link; a text that would be empty then keeps them, and lacks the link alone."""
    lines = [line for line in template.splitlines() if _LINK not in line]
    return "\n".join(lines).strip() or template


def _texts(workshop: Workshop, organization: Organization) -> dict[str, str]:
    starts_at = workshop.starts_at.astimezone(organization.zone)
    return {
        "workshop_name": workshop.title,
        "workshop_title": workshop.title,
        "workshop_date": f"{starts_at:%d %B %Y}".lstrip("0"),
        "start_time": f"{starts_at:%H:%M}",
    }


def _example(organization: Organization) -> Workshop:
    """A week from now, at the organization's usual time."""
    day = (datetime.now(UTC).astimezone(organization.zone) + timedelta(days=7)).date()
    at: time = organization.default_workshop_time
    starts_at = datetime.combine(day, at, tzinfo=organization.zone)
    return Workshop(organization=organization, title="Example workshop", starts_at=starts_at)
