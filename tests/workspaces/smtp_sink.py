"""An SMTP server that keeps what it gets: as much of RFC 5321 as smtplib needs."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class Sink(socketserver.ThreadingTCPServer):
    """Local mail server; ``refused`` recipients get a 550."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[list[str], EmailMessage]] = []
        self.refused: set[str] = set()

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Handler(socketserver.StreamRequestHandler):
    server: Sink

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self._say("220 sink")
        recipients: list[str] = []
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() == "RCPT":
                address = rest[rest.index("<") + 1 : rest.index(">")]
                if address in self.server.refused:
                    self._say("550 no such person")
                    continue
                recipients.append(address)
            elif verb.upper() == "DATA":
                self._say("354 go on")
                self.server.received.append((recipients, self._message()))
                recipients = []
            elif verb.upper() == "QUIT":
                self._say("221 bye")
                return
            self._say("250 ok")

    def _message(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        return message_from_bytes(b"".join(lines), policy=policy.default)


@contextmanager
def running() -> Iterator[Sink]:
    """Serve on a free port."""
    with Sink() as sink:
        thread = threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield sink
        finally:
            sink.shutdown()
            thread.join()
