"""Every adapter against every way in which a far end fails: what it says, and what was done.

The one rule that money hangs on: what may have taken effect is ``unknown``, never an error after
which the same call is simply made again.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

import pytest

from outreach.platforms.registry import KINDS as CHANNELS
from tests.sandbox import far_adapters
from tests.sandbox.conftest import Box
from tests.sandbox.far_adapters import READERS, TOKEN, WRITERS, WRONG, Adapter
from workspaces.platforms.errors import ErrorKind, PlatformError

#: Fault → (rule of the sandbox, whether the call takes effect there).
FAULTS: Final[dict[str, tuple[dict[str, object], bool]]] = {
    "time-out, not done": ({"kind": "timeout_before_commit", "hold_s": 0}, False),
    "time-out, done": ({"kind": "timeout_before_commit", "hold_s": 0, "commit": True}, True),
    "cut off, not done": ({"kind": "reset"}, False),
    "cut off, done": ({"kind": "reset", "commit": True}, True),
    "500, not done": ({"kind": "http_500"}, False),
    "500, done": ({"kind": "http_500", "commit": True}, True),
    "502 in HTML": ({"kind": "http_502_html"}, False),
    "throttled": ({"kind": "http_429", "retry_after_s": 33}, False),
    "malformed": ({"kind": "malformed"}, True),
    "truncated": ({"kind": "truncated"}, True),
    "empty": ({"kind": "empty"}, True),
}
_UNCLEAR = {ErrorKind.UNKNOWN}
_AGAIN = {ErrorKind.TRANSIENT, ErrorKind.UNKNOWN}


def allowed(fault: str, *, writes: bool) -> set[ErrorKind]:
    """What an adapter may call a fault."""
    if fault == "throttled":
        return {ErrorKind.THROTTLED}
    return _UNCLEAR if writes else _AGAIN


def _names(adapters: list[Adapter]) -> list[object]:
    return [pytest.param(one, id=one.name) for one in adapters]


@pytest.fixture
def far(box: Box) -> Box:
    """Every far end."""
    far_adapters.seed(box)
    return box


def error_of(adapter: Adapter, box: Box, token: str = TOKEN) -> PlatformError | None:
    """What a call ends with; ``None`` where it went well."""
    with ExitStack() as stack:
        try:
            adapter.call(box, token, stack)
        except PlatformError as error:
            return error
    return None


def test_every_channel_and_provider_is_in_the_matrix() -> None:
    kinds = {kind for kinds in CHANNELS.values() for kind in kinds}
    tried = {kind for kind, _, _ in far_adapters._BY_CHANNEL.values()}

    assert kinds == tried | {"email"}
    assert {one for one, by in CHANNELS.items() if by} == set(far_adapters._BY_CHANNEL) | {"email"}
    assert tried == set(far_adapters._FIRST)


@pytest.mark.parametrize("adapter", _names([*WRITERS, *READERS]))
def test_without_a_fault_it_works_and_with_a_wrong_token_it_says_so(
    far: Box, adapter: Adapter
) -> None:
    refused = error_of(adapter, far, WRONG)
    undone = adapter.done(far) if adapter.done else 0
    fine = error_of(adapter, far)

    assert refused is not None
    assert (refused.kind, undone, fine) == (ErrorKind.AUTH, 0, None)
    assert adapter.done is None or adapter.done(far) == 1


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("adapter", _names(WRITERS))
def test_a_write_that_may_have_worked_is_unknown(far: Box, adapter: Adapter, fault: str) -> None:
    assert adapter.done is not None
    rule, is_done = FAULTS[fault]
    far.control("faults", {**rule, "path": adapter.path, "times": 1})

    error = error_of(adapter, far)

    assert adapter.done(far) == int(is_done)
    if rule["kind"] in adapter.fine:
        assert error is None
        return
    assert error is not None
    assert error.kind in allowed(fault, writes=True), error


@pytest.mark.parametrize("fault", [name for name, (_, done) in FAULTS.items() if not done])
@pytest.mark.parametrize("adapter", _names(READERS))
def test_a_read_that_failed_may_be_tried_again(far: Box, adapter: Adapter, fault: str) -> None:
    far.control("faults", {**FAULTS[fault][0], "path": adapter.path, "times": 1})

    error = error_of(adapter, far)

    assert error is not None
    assert error.kind in allowed(fault, writes=False), error
    assert error_of(adapter, far) is None
