"""Every adapter against every way in which a far end fails: what it says, and what was done.

The one rule that money hangs on: what may have taken effect is ``unknown``, never an error after
which the same call is simply made again.
"""

from __future__ import annotations

from contextlib import ExitStack
from importlib import import_module
from typing import Final

import pytest

from outreach.platforms.registry import KINDS as CHANNELS
from tests.sandbox import far_adapters
from tests.sandbox.conftest import Box
from tests.sandbox.far_adapters import READERS, TOKEN, WRITERS, WRONG, Adapter
from workspaces.inbound import registry
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


_DOOR = "tests.workspaces.test_inbound_door"
_SENDERS = "tests.workspaces.test_inbound_providers"
_TOLD = "tests.sandbox.test_told"
_NEWS = "tests.outreach.test_hearing:test_any_order_in_any_pieces_comes_to_the_same"
#: What each sender of webhooks is tried with. Where a signature tells no time, none is too old.
INBOUND: Final = {
    "email": {
        "twice": f"{_TOLD}:test_repeats_of_mail_have_the_same_key",
        "out of order": _NEWS,
        "forged": f"{_TOLD}:test_forged_calls_of_mail_are_refused",
        "clocks apart": f"{_TOLD}:test_calls_of_another_day_are_refused",
    },
    "generic": {
        "twice": f"{_SENDERS}:test_generic_event_is_known_by_the_senders_id",
        "out of order": "tests.workspaces.test_inbound_work:"
                        "test_events_are_treated_in_the_order_in_which_they_came",
        "forged": f"{_SENDERS}:test_vector_with_one_byte_more_or_another_secret_is_forged",
        "clocks apart": f"{_SENDERS}:test_generic_window_is_five_minutes_both_ways",
    },
    "hubspot": {
        "twice": "tests.attribution.test_hubspot_webhook:"
                 "test_repeat_is_known_whatever_its_number",
        "out of order": "tests.attribution.test_hubspot_events:"
                        "test_any_order_and_repetition_gives_the_same_ledger",
        "forged": "tests.attribution.test_hubspot_webhook:test_every_signed_part_counts",
        "clocks apart": "tests.attribution.test_hubspot_webhook:"
                        "test_window_is_five_minutes_back_and_one_ahead",
    },
    "meta": {
        "twice": f"{_SENDERS}:test_meta_repeat_with_another_sending_time_has_the_same_keys",
        "out of order": _NEWS,
        "forged": f"{_TOLD}:test_messages_of_a_page_are_taken",
    },
    "messenger": {
        "twice": f"{_SENDERS}:test_meta_repeat_with_another_sending_time_has_the_same_keys",
        "out of order": _NEWS,
        "forged": f"{_TOLD}:test_messages_of_a_page_are_taken",
    },
    "twilio": {
        "twice": f"{_TOLD}:test_texts_and_their_statuses_are_taken",
        "out of order": _NEWS,
        "forged": f"{_TOLD}:test_texts_and_their_statuses_are_taken",
    },
    "x": {
        "twice": "tests.outreach.test_x_webhooks:test_a_call_at_the_door_is_stored_once",
        "forged": "tests.outreach.test_x_webhooks:test_a_forged_call_is_refused",
    },
}  # fmt: skip


def test_every_sender_of_webhooks_is_tried_twice_and_forged() -> None:
    assert set(registry._registry.providers) == set(INBOUND)
    for tried in INBOUND.values():
        assert {"twice", "forged"} <= set(tried)
        for place in tried.values():
            module, _, name = place.partition(":")
            assert callable(getattr(import_module(module), name)), place
