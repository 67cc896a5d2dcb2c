"""Workshop, Community, WorkshopGroup."""

from workshops.models.community import Community
from workshops.models.workshop import Workshop, WorkshopGroup

__all__ = ["Community", "Workshop", "WorkshopGroup"]
