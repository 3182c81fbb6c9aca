"""``python -m benchmarks.inbox_load``: messages arrive at a steady rate in the running product.

It starts a PostgreSQL, a Redis, the web server, the workers and beat of the Procfile, calls the
webhook door as the networks do, watches the list as a person's browser does, and counts what was
kept. It ends with a status other than zero when a message was lost or kept twice, or when a goal
was missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from benchmarks.figures import Figure, machine, plain, quantile
from embedded.keys import local_secrets
from embedded.stack import NOT_INHERITED, Stack

if TYPE_CHECKING:
    from benchmarks.inbox_load_calls import Door
    from workspaces.models import Workspace

_PROCESSES: Final = (
    "web", "worker-gate", "worker-default", "worker-infer", "worker-outreach", "beat",
)  # fmt: skip
VISIBLE_S: Final = 2.0
_PATIENCE_S: Final = 120.0
_THREADS: Final = 16
_ANSWERS: Final = {
    "question": "Hello {{ first_name }}, thank you for asking. We look into it and write today.",
    "purchase": "Hello {{ first_name }}, happy to hear that. Here is how you order: shop.example.",
    "complaint": "Hello {{ first_name }}, we are sorry. Tell us your order number, please.",
    "compliment": "Hello {{ first_name }}, thank you for these words!",
    "feedback": "Hello {{ first_name }}, thank you, we told the people who build it.",
    "objection": "Hello {{ first_name }}, we understand. May we call you?",
    "other": "Hello {{ first_name }}, thank you for writing.",
}


@dataclass
class _Sent:
    """What became of the calls."""

    at: dict[int, float] = field(default_factory=dict)
    took_s: list[float] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Run:
    """One run, measured."""

    messages: int
    seconds: float
    sent: _Sent
    visible_s: list[float]
    lags_s: list[float]
    cpu_s: dict[str, float]
    list_s: list[float]
    list_errors: list[str]
    kept: Counter[int]
    drafts: int

    @property
    def lost(self) -> int:
        """Messages that the door took and that were not kept."""
        return sum(1 for number in self.sent.at if not self.kept[number])

    @property
    def doubled(self) -> int:
        """Messages that were kept more than once."""
        return sum(1 for count in self.kept.values() if count > 1)


def main() -> None:
    """Read the options, run, tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inbox_load", description=__doc__)
    parser.add_argument("--rate", type=float, default=50.0, help="messages a second")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--people", type=int, default=5_000, help="who write, one after the other")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--keep", type=Path, help="run in this directory and leave it")
    options = parser.parse_args()
    where = machine()
    state = options.keep or Path(tempfile.mkdtemp(prefix="countersign-load-"))
    try:
        run = _measured(state, options.rate, options.seconds, options.people)
    finally:
        if not options.keep:
            shutil.rmtree(state, ignore_errors=True)
    figures = figures_of(run, options.rate)
    sys.stdout.write(f"{where}\n\n{plain(figures)}\n\n{told(run)}\n")
    if options.json:
        rows = [one.as_json() for one in figures]
        options.json.write_text(json.dumps({"machine": where, "figures": rows}, indent=2) + "\n")
    is_bad = run.lost or run.doubled or run.sent.errors
    if is_bad or any(one.is_met is False for one in figures):
        raise SystemExit(1)


def _measured(state: Path, rate: float, seconds: float, people: int) -> _Run:
    stack = Stack(state, processes=_PROCESSES, spared=(), env={"LOG_LEVEL": "WARNING"})
    stack._env["PUBLIC_BASE_URL"] = stack.url
    sys.stderr.write("Starting the product …\n")
    stack.start(timeout_s=300)
    try:
        _set_up(stack)
        from benchmarks.inbox_load_calls import open_door

        workspace, cookies = _workspace()
        door = open_door(workspace, stack.url, people)
        _warm_up(stack, workspace, door)
        return _drive(stack, workspace, door, cookies, rate, seconds)
    finally:
        _disconnect()
        stack.stop()


def _set_up(stack: Stack) -> None:
    """Let this process see what the stack sees."""
    for name in NOT_INHERITED:
        os.environ.pop(name, None)
    os.environ |= local_secrets(stack.state) | {
        "DATABASE_URL": stack.database_url, "REDIS_URL": stack.redis_url,
        "COUNTERSIGN_STATE": str(stack.state), "PUBLIC_BASE_URL": stack.url,
        "DJANGO_SETTINGS_MODULE": "config.settings.local", "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    import django

    django.setup()


def _disconnect() -> None:
    if "django" in sys.modules:
        from django.db import connections

        connections.close_all()


def _workspace() -> tuple[Workspace, dict[str, str]]:
    """A workspace with answers that drafts are made of, and the session of who looks on."""
    from django.conf import settings
    from django.utils import timezone

    from benchmarks.pages import browser_of, hosts
    from inbox.models import ResponseTemplate
    from workspaces.models import User, Workspace

    workspace = Workspace.objects.create(slug="load", name="Load")
    with hosts():
        client = browser_of(workspace)
    approver = User.objects.get(email=f"approver@{workspace.slug}.example")
    ResponseTemplate.objects.bulk_create(
        ResponseTemplate(
            workspace=workspace, name=intent.title(), intents=[intent], body=body,
            approved_by=approver, approved_at=timezone.now(),
        )
        for intent, body in _ANSWERS.items()
    )  # fmt: skip
    name = settings.SESSION_COOKIE_NAME
    return workspace, {name: client.cookies[name].value}


def _warm_up(stack: Stack, workspace: Workspace, door: Door) -> None:
    """One message all the way: models are loaded and processes have their connections."""
    from inbox.models import AIClassification

    with httpx.Client(base_url=stack.url, trust_env=False, timeout=30) as client:
        for number in range(999_990, 999_998):
            call = door.call(number)
            client.post(call.path, content=call.body, headers=call.headers).raise_for_status()
    deadline = time.monotonic() + _PATIENCE_S
    while AIClassification.objects.filter(workspace=workspace).count() < 8:  # those
        if time.monotonic() > deadline:
            raise RuntimeError(f"Nothing was read; look at the logs in {stack.state}")
        time.sleep(0.2)


def _drive(
    stack: Stack, workspace: Workspace, door: Door, cookies: dict[str, str], rate: float,
    seconds: float,
) -> _Run:  # fmt: skip
    from benchmarks.inbox_load_watch import ListWatch, ReadingWatch, cpu_seconds

    messages = round(rate * seconds)
    people, readings = ListWatch(stack.url, cookies), ReadingWatch(workspace)
    people.start()
    readings.start()
    before = cpu_seconds(stack.supervisor_pid)
    started = time.time()
    sent = _send(stack.url, door, messages, rate)
    lasted = time.time() - started
    after = cpu_seconds(stack.supervisor_pid)
    _wait_for_readings(workspace, len(sent.at) + 8)
    time.sleep(1)
    people.stop()
    readings.stop()
    sent_of = sent.at
    return _Run(
        messages=messages, seconds=lasted, sent=sent,
        visible_s=[at - sent_of[one] for one, at in people.seen.items() if one in sent_of],
        lags_s=readings.lags(),
        cpu_s={name: after[name] - before.get(name, 0.0) for name in sorted(after)},
        list_s=people.took_s, list_errors=people.errors, **_kept(workspace),
    )  # fmt: skip


def _send(base_url: str, door: Door, messages: int, rate: float) -> _Sent:
    """Call at fixed moments, whatever the answers take."""
    sent, local = _Sent(), threading.local()

    def post(number: int, due: float) -> None:
        if not hasattr(local, "client"):
            local.client = httpx.Client(base_url=base_url, trust_env=False, timeout=30)
        call = door.call(number)
        at = time.time()
        sent.late_s.append(at - due)
        try:
            answer = local.client.post(call.path, content=call.body, headers=call.headers)
        except httpx.HTTPError as error:
            sent.errors[type(error).__name__] += 1
            return
        sent.took_s.append(time.time() - at)
        if answer.is_success:
            sent.at[number] = at
        else:
            sent.errors[str(answer.status_code)] += 1

    begin = time.time() + 0.2
    with ThreadPoolExecutor(_THREADS) as pool:
        for number in range(messages):
            due = begin + number / rate
            time.sleep(max(0.0, due - time.time()))
            pool.submit(post, number, due)
            if number % round(rate * 10) == 0:
                sys.stderr.write(f"{number:,} of {messages:,} sent\n")
    return sent


def _wait_for_readings(workspace: Workspace, wanted: int) -> None:
    from inbox.models import AIClassification

    deadline = time.monotonic() + _PATIENCE_S
    rows = AIClassification.objects.filter(workspace=workspace)
    while rows.count() < wanted and time.monotonic() < deadline:
        time.sleep(0.25)


def _kept(workspace: Workspace) -> dict[str, Any]:
    """How often each message stands in the inbox, and how many drafts there are."""
    from inbox.models import CustomerResponse, ReplyDraft

    rows = CustomerResponse.objects.filter(workspace=workspace, direction="in")
    kept: Counter[int] = Counter()
    for text in rows.values_list("text", flat=True).iterator():
        number = text.partition(".")[0]
        kept[int(number[1:]) if number[1:].isdigit() else -1] += 1
    for number in range(999_990, 999_998):
        kept.pop(number, None)
    return {"kept": kept, "drafts": ReplyDraft.objects.filter(workspace=workspace).count()}


def figures_of(run: _Run, rate: float) -> list[Figure]:
    """Rows of the table."""
    size = f"{rate:g} a second for {run.seconds:.0f} s, read as they come, 2 cores"
    visible = run.visible_s or [float("inf")]
    lags = run.lags_s or [float("inf")]
    whole = sum(run.cpu_s.values())
    return [
        Figure(
            f"messages in the list, p99 from the call to the answer, {size}",
            quantile(visible, 0.99), "s",
            limit_name="s for the call itself, p99", limit=quantile(run.sent.took_s or [0], 0.99),
            target=f"≤ {VISIBLE_S:g} s", is_met=quantile(visible, 0.99) <= VISIBLE_S,
        ),
        Figure("… p50", quantile(visible, 0.5), "s"),
        Figure("… p95", quantile(visible, 0.95), "s"),
        Figure("… read, p99 from arrival to reading", quantile(lags, 0.99), "s"),
        Figure(
            "… processor time for each message, all processes",
            1000 * whole / max(1, len(run.sent.at)), "ms",
            limit_name="ms there are, two cores", limit=2000 / rate,
        ),
        Figure(
            "… lost or kept twice", float(run.lost + run.doubled), "messages", target="0",
            is_met=not (run.lost or run.doubled),
        ),
    ]  # fmt: skip


def told(run: _Run) -> str:
    """Say the rest."""
    shares = ", ".join(
        f"{name} {spent / run.seconds:.0%}"
        for name, spent in sorted(run.cpu_s.items(), key=lambda one: -one[1])
    )
    late = quantile(run.sent.late_s, 0.99)
    unseen = len(run.sent.at) - len(run.visible_s)
    return (
        f"{len(run.sent.at):,} of {run.messages:,} calls accepted, errors "
        f"{dict(run.sent.errors) or 'none'}; {sum(run.kept.values()):,} kept, {run.lost:,} lost, "
        f"{run.doubled:,} doubled; {unseen:,} never seen in the list; {len(run.lags_s):,} read, "
        f"{run.drafts:,} drafts\n"
        f"visible p50 {quantile(run.visible_s or [0], 0.5):.2f} s, "
        f"p95 {quantile(run.visible_s or [0], 0.95):.2f} s, "
        f"p99 {quantile(run.visible_s or [0], 0.99):.2f} s; read p50 "
        f"{quantile(run.lags_s or [0], 0.5):.2f} s, p99 {quantile(run.lags_s or [0], 0.99):.2f} s\n"
        f"calls p50 {1000 * quantile(run.sent.took_s or [0], 0.5):.0f} ms, "
        f"p99 {1000 * quantile(run.sent.took_s or [0], 0.99):.0f} ms; sent late p99 "
        f"{1000 * late:.0f} ms; list p95 {1000 * quantile(run.list_s or [0], 0.95):.0f} ms, "
        f"errors {Counter(run.list_errors) or 'none'}\n"
        f"share of one core: {shares}"
    )


if __name__ == "__main__":
    main()
