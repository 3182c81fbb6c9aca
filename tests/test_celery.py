"""How Celery is set up."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

from django.conf import settings

from config.celery import look_after_children
from config.schedule import BEAT_SCHEDULE
from embedded.procfile import read_procfile

PROCESSES = read_procfile(Path(settings.BASE_DIR) / "Procfile")


def test_children_that_ended_are_looked_for_every_half_second() -> None:
    asked: list[tuple[float, object]] = []
    hub = SimpleNamespace(call_repeatedly=lambda *given: asked.append(given))
    pool = SimpleNamespace(maintain_pool=object())

    look_after_children(sender=SimpleNamespace(hub=hub, pool=pool))
    look_after_children(sender=SimpleNamespace(hub=None, pool=pool))
    look_after_children(sender=SimpleNamespace(hub=hub, pool=SimpleNamespace()))

    assert asked == [(0.5, pool.maintain_pool)]


def _queues() -> dict[str, set[str]]:
    """Queues that a task is sent to: by its route, and by beat."""
    found = {name: {route["queue"]} for name, route in settings.CELERY_TASK_ROUTES.items()}
    for entry in BEAT_SCHEDULE.values():
        found.setdefault(entry["task"], set()).add(entry["options"].get("queue", "default"))
    return found


def test_every_queue_has_a_worker() -> None:
    named = re.findall(r" -Q (\S+)", " ".join(PROCESSES.values()))
    served = {queue for queues in named for queue in queues.split(",")}

    assert set().union(*_queues().values()) <= served


def test_messages_are_read_before_answers_are_drafted() -> None:
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["queue_order_strategy"] == "sorted"
    (served,) = re.findall(r" -Q (\S+)", PROCESSES["worker-infer"])
    queues = served.split(",")
    assert queues == sorted(queues)
    assert _queues()["inbox.read_new"] == {queues[0]}
    assert _queues()["inbox.draft_answers"] == {queues[-1]}


def test_what_waits_long_for_others_holds_up_nobody() -> None:
    slow = {name for name, queues in _queues().items() if "slow" in queues}

    assert slow == {"inbox.adapt_drafts", "inbox.fetch_media"}
    assert all(_queues()[name] == {"slow"} for name in slow)
    assert " -Q slow " in PROCESSES["worker-slow"]
