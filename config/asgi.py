"""The live process: pages that stay open. Run it with PROCESS_KIND=live, which gives it a connection pool."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_asgi_application()
