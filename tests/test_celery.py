"""How Celery is set up."""

from __future__ import annotations

from types import SimpleNamespace

from config.celery import look_after_children


def test_children_that_ended_are_looked_for_every_half_second() -> None:
    asked: list[tuple[float, object]] = []
    hub = SimpleNamespace(call_repeatedly=lambda *given: asked.append(given))
    pool = SimpleNamespace(maintain_pool=object())

    look_after_children(sender=SimpleNamespace(hub=hub, pool=pool))
    look_after_children(sender=SimpleNamespace(hub=None, pool=pool))
    look_after_children(sender=SimpleNamespace(hub=hub, pool=SimpleNamespace()))

    assert asked == [(0.5, pool.maintain_pool)]
