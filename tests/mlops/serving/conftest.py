"""Each test is a fresh process, as far as loaded models go; a worker answers where asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlops.services.registry.serving import shelf
from mlops.tasks import predict_task


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """Nothing is loaded yet, and nothing stays."""
    shelf.clear()
    yield
    shelf.clear()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Works questions off as they are sent, as an idle worker would; the options of each."""
    sent: list[dict[str, Any]] = []

    def send(*, kwargs: dict[str, Any], **options: Any) -> None:
        sent.append(options)
        predict_task(**kwargs)

    monkeypatch.setattr(predict_task, "apply_async", send)
    return sent
