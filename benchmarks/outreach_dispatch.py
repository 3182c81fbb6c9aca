"""Messages a second from due rows to the far end: claimed, judged, marked, called, settled."""

from __future__ import annotations

import os
import smtplib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import httpx
from django.conf import settings
from django.db import connections
from django.test.utils import override_settings
from django.utils import timezone

from attribution.models import Person
from benchmarks.far_end import FarEnd, far_end
from benchmarks.figures import Figure
from outreach.models import ChannelPolicy, Contact, ContactPoint, MessageStatus, OutreachMessage
from outreach.services.sending.calling import Senders
from outreach.services.sending.dispatching import dispatch
from workspaces.crypto import encrypt
from workspaces.models import Connection, Workspace

TARGET_PER_S: Final = 400
WORKERS: Final = (1, 2, 4)
SLOW_S: Final = 0.05
TARGETS: Final = {2: 1.8, 4: 3.0}
_KEY: Final = "bench-resend"
_HTML: Final = "<p>Hello, this is what we sell this week.</p>" * 40


def run(messages: int, state: Path) -> list[Figure]:
    """Send by a mail server and by HTTP, to a far end that answers at once and after 50 ms."""
    figures: list[Figure] = []
    with override_settings(ALLOW_SANDBOX=True), far_end(state) as end:
        end.control("seed", {"accounts": [{"platform": "resend", "id": "m1", "token": _KEY}]})
        for name, connection, bare in _sinks(end):
            end.control("faults", {}, method="DELETE")
            figures += _at_once(name, connection, bare, messages)
            end.control("faults", {"kind": "delay", "hold_s": SLOW_S, "path": "^(POST|DATA)"})
            figures += _slow(name, connection, messages)
    return figures


def _sinks(end: FarEnd) -> list[tuple[str, Connection, Callable[[int], float]]]:
    workspace = Workspace.objects.create(slug="bench-sending", name="Bench")
    smtp = {"provider": "smtp", "host": "127.0.0.1", "port": str(end.smtp_port), "security": "none"}
    by_smtp = Connection.objects.create(
        workspace=workspace, kind="email", name="Mail server", secret=encrypt(smtp)
    )
    by_http = Connection.objects.create(
        workspace=workspace, kind="email", name="Resend", base_url=end.base_url,
        secret=encrypt({"provider": "resend", "api_key": _KEY}),
    )  # fmt: skip
    return [
        ("a mail server", by_smtp, lambda count: _bare_smtp(end, count)),
        ("Resend", by_http, lambda count: _bare_http(end, count)),
    ]


def _at_once(
    name: str, connection: Connection, bare: Callable[[int], float], messages: int
) -> list[Figure]:
    rates = tuple((workers, _rate(connection, workers, messages)) for workers in WORKERS)
    best = max(rate for _, rate in rates)
    return [
        Figure(
            name=f"messages sent durably by {name} that answers at once, best of 1, 2, 4 workers",
            value=best,
            unit="messages/s",
            limit_name="messages/s of a bare loop of as many threads",
            limit=bare(messages),
            target=f"≥ {TARGET_PER_S} messages/s",
            is_met=best >= TARGET_PER_S,
            growth=rates,
        )
    ]


def _slow(name: str, connection: Connection, messages: int) -> list[Figure]:
    rates = {workers: _rate(connection, workers, messages) for workers in WORKERS}
    return [
        Figure(
            name=f"{workers} workers, {name} that answers after 50 ms",
            value=rates[workers],
            unit="messages/s",
            limit_name="messages/s of one worker",
            limit=rates[1],
            target=f"≥ {target}",
            is_met=rates[workers] / rates[1] >= target,
        )
        for workers, target in TARGETS.items()
    ]


def _rate(connection: Connection, workers: int, messages: int) -> float:
    """Messages a second of some worker processes."""
    _due(connection, messages)
    connections.close_all()
    started = time.perf_counter()
    children = [_fork() for _ in range(workers)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    seconds = time.perf_counter() - started
    sent = OutreachMessage.objects.filter(status=MessageStatus.SENT).count()
    if any(codes) or sent != messages:
        raise RuntimeError(f"{sent} of {messages} messages were sent; workers ended with {codes}")
    return messages / seconds


def _fork() -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            with Senders() as senders:
                dispatch(
                    worker=f"bench:{os.getpid()}", clock=timezone.now, senders=senders,
                    run_for=timedelta(minutes=10),
                )  # fmt: skip
            status = 0
        finally:
            os._exit(status)
    return pid


def _due(connection: Connection, messages: int) -> None:
    """Make due messages to as many people; those of the run before are gone."""
    workspace = connection.workspace
    OutreachMessage.objects.all().delete()
    ChannelPolicy.objects.filter(workspace=workspace).delete()
    ChannelPolicy.objects.create(
        workspace=workspace, channel="email", is_on=True, connection=connection,
        sender="News <news@shop.example>", rate_per_second=100_000,
    )  # fmt: skip
    now = timezone.now()
    OutreachMessage.objects.bulk_create(
        OutreachMessage(
            workspace=workspace, contact=point.contact, point=point, channel="email",
            purpose="service", subject="News of the week", text="Hello", html=_HTML, send_at=now,
            dedup_key=str(point.pk),
        )
        for point in _people(workspace, messages)
    )  # fmt: skip


def _people(workspace: Workspace, count: int) -> list[ContactPoint]:
    known = ContactPoint.objects.filter(workspace=workspace).select_related("contact")
    if known.count() < count:
        persons = Person.objects.bulk_create(Person(workspace=workspace) for _ in range(count))
        contacts = Contact.objects.bulk_create(
            Contact(workspace=workspace, person=one, time_zone="Europe/Berlin") for one in persons
        )
        ContactPoint.objects.bulk_create(
            ContactPoint(
                workspace=workspace, contact=one, channel="email", address=f"{one.pk}@example.com"
            )
            for one in contacts
        )
    return list(known.order_by("pk")[:count])


def _bare_smtp(end: FarEnd, count: int) -> float:
    """Mails a second of smtplib alone."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "news@shop.example", "p@example.com", "News"
    mail.set_content("Hello")
    mail.add_alternative(_HTML, subtype="html")

    def loop(share: int) -> None:
        with smtplib.SMTP("127.0.0.1", end.smtp_port) as server:
            for _ in range(share):
                server.send_message(mail)

    return _looped(loop, count)


def _bare_http(end: FarEnd, count: int) -> float:
    """Mails a second of httpx alone."""
    body = {"from": "news@shop.example", "to": ["p@example.com"], "subject": "News",
            "text": "Hello", "html": _HTML}  # fmt: skip

    def loop(share: int) -> None:
        headers = {"Authorization": f"Bearer {_KEY}"}
        with httpx.Client(base_url=end.base_url, headers=headers, trust_env=False) as client:
            for _ in range(share):
                client.post("/emails", json=body).raise_for_status()

    return _looped(loop, count)


def _looped(loop: Callable[[int], None], count: int) -> float:
    threads = settings.OUTREACH_THREADS
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(loop, [count // threads] * threads))
    return count // threads * threads / (time.perf_counter() - started)
