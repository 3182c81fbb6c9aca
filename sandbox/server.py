"""The sandbox on a socket, with the failures that only a socket can have."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import sys
import threading
import time
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.app import Application, Delivery
from sandbox.calling import Caller
from sandbox.imap import ImapServer
from sandbox.smtp import SmtpServer
from sandbox.store import Store
from sandbox.web import JsonObject, Request

HOST = "127.0.0.1"
MAX_BODY_BYTES = 16 * 1024 * 1024
DRIP_PARTS = 20
POLL_S = 0.02


class Latch:
    """Lets held answers go: each hold waits for the releases that come after it began."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._releases = 0
        self.is_closed = False

    def mark(self) -> int:
        """Return the number of releases so far."""
        with self._condition:
            return self._releases

    def release(self, *, close: bool = False) -> None:
        """Let go all that is held; with `close`, all that ever will be."""
        with self._condition:
            self._releases += 1
            self.is_closed = self.is_closed or close
            self._condition.notify_all()

    def wait(self, mark: int, seconds: float) -> bool:
        """Wait for a release after a mark; whether it came."""
        with self._condition:
            return self._condition.wait_for(
                lambda: self.is_closed or self._releases > mark, seconds
            )


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server
    # Headers and body are written apart; without this each answer waits for a delayed ACK.
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY_BYTES:
            self.send_error(413)
            return
        request = Request.build(
            self.command, self.path, dict(self.headers.items()), self.rfile.read(length)
        )
        mark = self.server.latch.mark()
        if request.path == "/_sandbox/release":
            self.server.latch.release()
        delivery = self.server.application.handle(request)
        try:
            self._send(delivery, mark)
        except (BrokenPipeError, ConnectionResetError):
            # The client gave up first, which is what most of these faults are for.
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # names of the standard library

    def _send(self, delivery: Delivery, mark: int) -> None:
        if delivery.hold_s and delivery.transport != "drip":
            self._hold(delivery.hold_s, mark)
        if delivery.transport in ("reset", "drop"):
            self._break_off(reset=delivery.transport == "reset")
            return
        body = delivery.answer.body
        self.send_response(delivery.answer.status)
        for name, value in delivery.answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if delivery.transport == "truncate":
            self.wfile.write(body[: len(body) // 2])
            self._break_off(reset=False)
        elif delivery.transport == "drip":
            self._drip(body, delivery.hold_s, mark)
        else:
            self.wfile.write(body)

    def _hold(self, seconds: float, mark: int) -> None:
        """Wait until the client is gone, the latch opens or the time is over."""
        deadline = time.monotonic() + seconds
        while (left_s := deadline - time.monotonic()) > 0:
            if self.server.latch.wait(mark, min(POLL_S, left_s)):
                return
            readable, _, _ = select.select([self.connection], [], [], 0)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return

    def _drip(self, body: bytes, seconds: float, mark: int) -> None:
        step = max(len(body) // DRIP_PARTS, 1)
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            self.wfile.flush()
            self.server.latch.wait(mark, seconds / DRIP_PARTS)

    def _break_off(self, *, reset: bool) -> None:
        self.close_connection = True
        self.wfile.flush()
        if reset:
            # Linger of zero: closing sends RST in place of FIN.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # name of the base class
        """Stay quiet: request targets may carry tokens."""


class Server(ThreadingHTTPServer):
    """Threads serve connections; the application runs one call at a time."""

    daemon_threads = True
    # Held answers must not keep the process.
    block_on_close = False

    def __init__(self, application: Application, port: int) -> None:
        # Before the base class, which closes itself when the port is taken.
        self._open: set[socket.socket] = set()
        super().__init__((HOST, port), Handler)
        self.application = application
        self.latch = Latch()

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Serve one connection, known for as long as it is open."""
        assert isinstance(request, socket.socket)  # noqa: S101  # the type that a TCP server has
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)

    def server_close(self) -> None:
        """Stop listening, and end connections that clients keep alive."""
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def base_url(self) -> str:
        """The address for clients."""
        return f"http://{HOST}:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about clients that broke off, report the rest."""
        if not isinstance(sys.exception(), (BrokenPipeError, ConnectionResetError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as received


class Sandbox:
    """The sandbox in a thread, for tests: `with Sandbox(path) as box: box.base_url`.

    With an `smtp_port` (0: a free one) it also takes mail, at `box.smtp_port`, and with an
    `imap_port` mailboxes are read there.
    """

    def __init__(
        self,
        state_path: Path | str,
        port: int = 0,
        smtp_port: int | None = None,
        imap_port: int | None = None,
    ) -> None:
        self._state_path, self._port, self._smtp_port = state_path, port, smtp_port
        self._imap_port = imap_port

    def __enter__(self) -> Self:
        self.store = Store(self._state_path)
        self.server = Server(Application(self.store), self._port)
        self.base_url = self.server.base_url
        wants_mail = self._smtp_port is not None
        self._smtp = SmtpServer(self.store, self._smtp_port or 0) if wants_mail else None
        self.smtp_port = self._smtp.port if self._smtp else 0
        wants_boxes = self._imap_port is not None
        self._imap = ImapServer(self.store, self._imap_port or 0) if wants_boxes else None
        self.imap_port = self._imap.port if self._imap else 0
        self._thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": POLL_S}, daemon=True
        )
        self._thread.start()
        return self

    def control(
        self, name: str, body: JsonObject | None = None, method: str = "POST"
    ) -> JsonObject:
        """Call `/_sandbox/{name}` over HTTP and return its answer.

        Raises
        ------
        ValueError : the sandbox refused; with its reason
        """
        connection = HTTPConnection(HOST, self.server.server_address[1], timeout=30)
        with contextlib.closing(connection):
            connection.request(method, f"/_sandbox/{name}", json.dumps(body or {}))
            answer = connection.getresponse()
            shown: JsonObject = json.loads(answer.read())
        if answer.status != HTTPStatus.OK:
            raise ValueError(str(shown.get("error")))
        return shown

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.latch.release(close=True)
        self.server.shutdown()
        self._thread.join()
        for other in (self._smtp, self._imap):
            if other:
                other.close()
        self.server.server_close()
        self.store.close()


def serve(
    state_path: Path,
    port: int,
    smtp_port: int | None = None,
    call_every_s: float | None = None,
    imap_port: int | None = None,
) -> None:
    """Serve until interrupted; with an SMTP port (0: a free one) take mail too.

    Given ``call_every_s``, webhooks go out by themselves, that often; with an IMAP port the mail
    can be read.
    """
    store = Store(state_path)
    server = Server(Application(store), port)
    caller = Caller(server.application, call_every_s) if call_every_s else None
    smtp = SmtpServer(store, smtp_port) if smtp_port is not None else None
    imap = ImapServer(store, imap_port) if imap_port is not None else None
    # Who reads that it is ready may stop it at once.
    with contextlib.suppress(KeyboardInterrupt):
        if smtp:
            print(f"sandbox takes mail on {HOST}:{smtp.port}", flush=True)  # noqa: T201  # the command's output
        if imap:
            print(f"sandbox shows mail on {HOST}:{imap.port}", flush=True)  # noqa: T201  # the command's output
        print(f"sandbox ready on {server.base_url}, state in {state_path}", flush=True)  # noqa: T201  # the command's output
        if caller:
            caller.start()
        server.serve_forever()
    if caller:
        caller.stop()
    for other in (smtp, imap):
        if other:
            other.close()
    server.server_close()
    store.close()
