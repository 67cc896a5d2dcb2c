"""WhatsApp numbers, groups and the people in them, behind a gateway."""

from django.apps import AppConfig


class WhatsappConfig(AppConfig):
    """Sessions, groups, members and their sync."""

    name = "whatsapp"
    verbose_name = "WhatsApp"
