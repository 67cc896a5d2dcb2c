"""The story of the product, checked at every line."""

from devtools.demo import identities
from devtools.demo.chat import ChatStory
from devtools.demo.clerk import Clerk
from devtools.demo.orders import Orders
from devtools.demo.story import Story
from devtools.demo.telling import Telling
from devtools.stack import Context


def run(context: Context) -> int:
    """
    Tell the story in a running Rollcall; return the exit code.

    :raises Problem: a line of it is not true
    """
    telling = Telling()
    Story(context, telling).tell()
    Orders(context, telling).tell()
    Clerk(context, telling).tell()
    identities.tell(context, telling)
    ChatStory(context, telling).tell()
    telling.end()
    return 0
