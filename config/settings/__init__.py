"""
Settings of the whole product: a module for Django's parts, and one for each app.

The environment is read by `config.env` alone.
"""

from config.settings.accounts import *
from config.settings.admin import *
from config.settings.api import *
from config.settings.base import *
from config.settings.celery import *
from config.settings.chat import *
from config.settings.database import *
from config.settings.live import *
from config.settings.logs import *
from config.settings.organizations import *
from config.settings.web import *
from config.settings.webhooks import *
from config.settings.whatsapp import *
from config.settings.workshops import *
