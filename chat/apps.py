"""Conversations between companies and people, in Stream Chat."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Speaks to Stream."""

    name = "chat"
