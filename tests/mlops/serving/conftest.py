"""Each test is a fresh process, as far as loaded models go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlops.services.registry.serving import shelf


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """Nothing is loaded yet, and nothing stays."""
    shelf.clear()
    yield
    shelf.clear()
