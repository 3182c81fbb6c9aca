"""``python -m benchmarks.message_sinks``: how many messages a second the sandbox takes.

What a send is measured against must not be what it waits for. Clients in processes of their own
hand over 2 kB mails, one after the other, over connections that they keep.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from multiprocessing import Process
from pathlib import Path

MAILS, CLIENTS, BATCH = 6_000, (1, 2, 4), 100
TEXT = "Hello there, this is a mail of some length.\r\n" * 45
PLATFORMS = ("postmark", "resend")
Client = Callable[[int, int, int], None]


@contextmanager
def _sandbox() -> Iterator[tuple[int, int]]:
    """Run the sandbox; its ports for HTTP and for mail."""
    with tempfile.TemporaryDirectory() as folder:
        state = str(Path(folder) / "state.sqlite3")
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0"]
        process = subprocess.Popen(  # our own program
            [*command, "--state", state], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None  # asked for above
            smtp_port = int(process.stdout.readline().rpartition(":")[2])
            ready = process.stdout.readline()
            yield int(ready.partition("127.0.0.1:")[2].partition(",")[0]), smtp_port
        finally:
            process.terminate()
            process.wait(10)


def _smtp(port: int, client: int, mails: int) -> None:
    """Hand over mails by SMTP."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = connection.makefile("rb")
        answers.readline()
        body = f"Subject: Hi\r\n\r\n{TEXT}.\r\n"
        lines = ["HELO me\r\n"]
        for number in range(mails):
            to = f"RCPT TO:<p{client}.{number}@example.com>\r\n"
            lines += ["MAIL FROM:<us@shop.example>\r\n", to, "DATA\r\n", body]
        for line in lines:
            connection.sendall(line.encode())
            if answers.readline()[:1] not in (b"2", b"3"):
                raise RuntimeError("the mail server refused")


def _postmark(port: int, client: int, mails: int) -> None:
    """Hand over mails in batches."""
    for start in range(0, mails, BATCH):
        people = (f"b{client}.{start + place}@example.com" for place in range(BATCH))
        rows = [{"From": "us@shop.example", "To": to, "TextBody": TEXT} for to in people]
        _post(port, "/email/batch", {"X-Postmark-Server-Token": "bench"}, rows)


def _resend(port: int, client: int, mails: int) -> None:
    """Hand over mails one by one, each with its key."""
    for number in range(mails):
        to = f"r{client}.{number}@example.com"
        body = {"from": "us@shop.example", "to": to, "subject": "Hi", "text": TEXT}
        _post(port, "/emails", {"Authorization": "Bearer bench", "Idempotency-Key": to}, body)


_OPEN: dict[int, HTTPConnection] = {}


def _post(port: int, path: str, headers: dict[str, str], body: object) -> None:
    connection = _OPEN.get(port)
    if connection is None:
        connection = _OPEN[port] = HTTPConnection("127.0.0.1", port)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.request(
        "POST", path, json.dumps(body), {"Content-Type": "application/json", **headers}
    )
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:  # what both say
        raise RuntimeError(f"the provider refused with {answer.status}")


def _rate(client: Client, port: int, clients: int, mails: int) -> float:
    """Mails a second of so many clients at once."""
    args = [(port, 100 * clients + number, mails // clients) for number in range(clients)]
    running = [Process(target=client, args=one) for one in args]
    begun = time.perf_counter()
    for process in running:
        process.start()
    for process in running:
        process.join()
    if any(process.exitcode for process in running):
        raise RuntimeError("a client failed")
    return mails / (time.perf_counter() - begun)


def main() -> None:
    """Measure and print."""
    print("| mails a second | " + " | ".join(f"{n} client(s)" for n in CLIENTS) + " |")
    print("|---|" + "---|" * len(CLIENTS))
    with _sandbox() as (http_port, smtp_port):
        accounts = [{"platform": name, "id": "1", "token": "bench"} for name in PLATFORMS]
        _post(http_port, "/_sandbox/seed", {}, {"accounts": accounts})
        _OPEN.clear()  # the clients are forked, and open their own
        sinks: tuple[tuple[str, Client, int], ...] = (
            ("SMTP", _smtp, smtp_port),
            (f"Postmark, {BATCH} in a call", _postmark, http_port),
            ("Resend, one in a call", _resend, http_port),
        )
        for name, client, port in sinks:
            rates = [_rate(client, port, clients, MAILS) for clients in CLIENTS]
            print(f"| {name} | " + " | ".join(f"{rate:,.0f}" for rate in rates) + " |")


if __name__ == "__main__":
    main()
