"""Somebody's site, and on another origin the product's side: scripts and the door for events."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "attribution" / "tracker" / "dist" / "t.js"
SPLITTER = ROOT / "experiments" / "snippet" / "dist" / "ab.js"
PAGES = Path(__file__).parent / "pages"
EVENTS_PATH = "/api/website/events"
# Where a page waits until the test lets the rest of it come.
PAUSE = "<!-- pause -->"
# Names, so that the site is plain http of a host and no secure context; browsers are told where.
SITE_HOST, OPS_HOST = "shop.example", "ops.example"


@dataclass(frozen=True)
class Call:
    """One call as it came in."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    status: int

    @property
    def batch(self) -> dict:
        return json.loads(self.body)


@dataclass
class Far:
    """What both servers share; the test looks at it and says how the door answers.

    The ``first`` calls are answered with the statuses in this list, all others with ``status``.
    """

    key: str = ""
    status: int = 202
    first: list[int] = field(default_factory=list)
    tests: str = "[]"  # what /ab.js is told
    rest: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    calls: list[Call] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def answer_to(self, query: str) -> int:
        """The status of the next answer to the site of this test."""
        with self.changed:
            mine = query == f"site={self.key}"
            return self.first.pop(0) if mine and self.first else self.status

    def note(self, call: Call) -> None:
        """Keep a call; late ones of an earlier test have another key."""
        with self.changed:
            if call.query == f"site={self.key}":
                self.calls.append(call)
                self.changed.notify_all()

    def wait(self, holds: Callable[[], object], timeout_s: float = 60) -> None:
        with self.changed:
            arrived = self.changed.wait_for(holds, timeout_s)
        assert arrived, f"waited {timeout_s} s; came: {self.calls}"

    @property
    def batches(self) -> list[dict]:
        """Every batch that was answered with 202, repeats and all."""
        return [
            call.batch
            for call in list(self.calls)
            if (call.method, call.path, call.status) == ("POST", EVENTS_PATH, 202)
        ]

    @property
    def stored(self) -> list[dict]:
        """Events as the product stores them: each id once, in the order of their ids."""
        first = {event["id"]: event for batch in self.batches for event in batch["events"]}
        return [first[key] for key in sorted(first)]

    def of(self, kind: str) -> list[dict]:
        """Stored events of a type, or custom ones of a name."""
        return [event for event in self.stored if kind in (event["type"], event.get("name"))]

    def expect(self, kind: str, count: int = 1) -> list[dict]:
        """Wait until so many have come; more would be too many."""
        self.wait(lambda: len(self.of(kind)) >= count)
        found = self.of(kind)
        assert len(found) == count, found
        return found

    def first_call_of(self, event: dict) -> dict:
        """The call with which an event came first."""
        return next(
            batch for batch in self.batches if event["id"] in [one["id"] for one in batch["events"]]
        )

    def begin(self) -> None:
        """Nothing has come yet; the site gets a new key."""
        with self.changed:
            self.key = uuid.uuid4().hex
            self.calls.clear()
            self.status, self.tests = 202, "[]"
            self.first.clear()


class Handler(BaseHTTPRequestHandler):
    """Pages, the script, and the door; which origin is asked decides."""

    protocol_version = "HTTP/1.1"
    server: Server
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/t.js":
            self.answer(200, SCRIPT.read_bytes(), "text/javascript; charset=utf-8")
            return
        if path == "/ab.js":
            script = SPLITTER.read_text().replace("CONFIG", self.server.far.tests)
            self.answer(200, script.encode(), "text/javascript; charset=utf-8")
            return
        page = PAGES / f"{path.strip('/').partition('/')[0]}.html"
        if not page.is_file():
            self.answer(404, b"", "text/plain")
            return
        text = page.read_text().replace("{{ ops }}", self.server.ops_url)
        text = text.replace("{{ key }}", self.server.far.key)
        first, *others = text.split(PAUSE)
        self.answer(200, text.encode(), "text/html; charset=utf-8", body=first.encode())
        for part in others:
            self.server.far.rest.acquire(timeout=60)
            self.wfile.write((PAUSE + part).encode())

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        far = self.server.far
        status = far.answer_to(parts.query) if parts.path == EVENTS_PATH else 204
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self.answer(status, b"", "application/json")
        finally:  # a beacon's page may be gone; that it came counts
            far.note(Call("POST", parts.path, parts.query, headers, body, status))

    def do_OPTIONS(self) -> None:
        parts = urlsplit(self.path)
        self.server.far.note(Call("OPTIONS", parts.path, parts.query, {}, "", 204))
        self.answer(204, b"", "text/plain")

    def answer(
        self, status: int, whole: bytes, content_type: str, body: bytes | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(whole)))
        if origin := self.headers.get("Origin"):
            self.send_header("Access-Control-Allow-Origin", origin)
        self.end_headers()
        self.wfile.write(whole if body is None else body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, far: Far) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.far, self.ops_url = far, ""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Site:
    """Both servers, running: ``with Site() as site: site.url("/plain")``."""

    def __init__(self, site_host: str = SITE_HOST, ops_host: str = OPS_HOST) -> None:
        self.far = Far()
        self.pages, self.ops = Server(self.far), Server(self.far)
        self.origin = f"http://{site_host}:{self.pages.port}"
        self.ops_url = self.pages.ops_url = f"http://{ops_host}:{self.ops.port}"

    def url(self, path: str) -> str:
        return self.origin + path

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.pages.stop()
        self.ops.stop()
