"""What the supervisor says while it waits."""

from __future__ import annotations

import pytest

from embedded.supervisor import _silence


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [
        (0, "timed out", "the web process does not answer /readyz yet (timed out)"),
        (0, "[Errno 111] Connection refused",
         "the web process does not answer /readyz yet (it is starting)"),
        (503, "<html>Sorry</html>", "/readyz answers 503"),
        (503, '{"redis":\n "away"}', '/readyz answers 503: {"redis": "away"}'),
    ],
)  # fmt: skip
def test_waiting_is_told_in_words(status: int, text: str, words: str) -> None:
    assert _silence("/readyz", status, text) == words
