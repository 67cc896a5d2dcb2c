"""A small project that stands for Rollcall, so that these tests are about `./dev` alone, and quick."""

import os
import shutil
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devtools.bootstrap import ROOT
from devtools.instances import Instance

FILES = {
    "manage.py": """
        import os, sys
        print("manage.py", *sys.argv[1:])
        if sys.argv[1] == "seed_demo":
            print("Admin login: demo / demo")
        if sys.argv[1] == "show":
            print("\\n".join(f"{name}={value}" for name, value in os.environ.items()))
    """,
    "devtools/demo/__init__.py": """
        def run(context):
            print("the story of", context.web, "and", context.sandbox)
            return 0
    """,
    "config/__init__.py": "",
    "config/celery.py": """
        import os
        from celery import Celery
        app = Celery("config", broker=os.environ["REDIS_URL"])
    """,
    "config/wsgi.py": """
        def application(environ, start_response):
            start_response("200 OK", [])
            return [b"ok"]
    """,
    "config/asgi.py": """
        async def application(scope, receive, send):
            assert scope["type"] == "http"
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok"})
    """,
    "sandbox/__main__.py": """
        import argparse
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        parser = argparse.ArgumentParser()
        for name in ("--host", "--port", "--state"):
            parser.add_argument(name)
        options = parser.parse_args()
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
        ThreadingHTTPServer((options.host, int(options.port)), Handler).serve_forever()
    """,
}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that PostgreSQL's user can enter even when root runs the tests; pytest's own is closed."""
    with _place() as folder:
        yield folder


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """The folder of a project with today's devtools and the small stand-ins above. Every test leaves it stopped."""
    unwanted = shutil.ignore_patterns("tests", "demo", "__pycache__")
    with _place() as folder:
        shutil.copytree(ROOT / "devtools", folder / "devtools", ignore=unwanted)
        for name, text in FILES.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(text))
        yield folder


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """An instance of no project, as `./dev test` has it. Every test leaves it stopped."""
    with _place() as folder:
        made = Instance("test", data=folder / "data")
        made.prepare()
        yield made


@contextmanager
def _place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="rollcall-test-", dir="/var/tmp"))
    folder.chmod(0o711 if os.getuid() == 0 else 0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
