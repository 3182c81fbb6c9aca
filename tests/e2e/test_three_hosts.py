"""Countersign on three hosts, and the network between them cut in the middle of everything.

Signatures go in over the API. First the workers are cut off, just as one waits for a platform's
answer and goes on without being able to write it down; then the stores, from everybody.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.crash.kills import Figures, Item, Killer, Outage, Signer, judged, rows, until
from tests.e2e.network import why_not
from tests.e2e.three_hosts import ThreeHosts

COUNT: Final = 40
CUT_S: Final = 30.0  # longer than anybody waits for an answer, the servers too
LIMIT_S: Final = 60.0
AGAIN_S: Final = 180.0
# Platforms that take their time: then a cut meets a change whose call is out.
SLOW: Final = {"kind": "delay", "platform": "meta", "method": "POST", "hold_s": 2}
_CALL_IS_OUT: Final = (
    "SELECT 1 FROM workspaces_executionattempt"
    " WHERE call_sent_at IS NOT NULL AND settled_at IS NULL"
)
_UNDONE: Final = "SELECT public_id::text FROM workspaces_proposal WHERE status <> 'executed'"
# A call that never left is settled as that, and made again up to a minute later.
_UNSETTLED: Final = (
    "SELECT public_id::text FROM workspaces_proposal WHERE status NOT IN ('executed', 'approved')"
    " OR status = 'approved' AND coalesce(next_attempt_at, execute_after) <= now()"
)
_UNSENT: Final = "SELECT id FROM outreach_outreachmessage WHERE status NOT IN ('sent', 'failed')"


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[ThreeHosts]:
    """The running system, with changes that wait for signatures."""
    if why := why_not():
        pytest.skip(why)
    running = ThreeHosts(tmp_path / "state")
    running.start(f"tests.crash.kills_seed {COUNT}")
    yield running
    running.stop()


class Signing(Signer):
    """Signs on the web host, as a balancer would lead there."""

    def __init__(self, hosts: ThreeHosts, items: Sequence[Item], keys: Sequence[str]) -> None:
        super().__init__(hosts, items, keys, pace=1)
        self.network, self.key = hosts.network, keys[0]
        self.wanted = {str(one["id"]) for one in items}

    def run(self) -> None:
        """Sign all of them."""
        with self.network.inside("web"):
            super().run()


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_done_twice_whoever_is_cut_off(hosts: ThreeHosts) -> None:
    told = json.loads((hosts.state / "kills.json").read_text())
    items = [{**one, "plan_sha256": one["sha256"]} for one in told["items"]]
    random.Random(20261123).shuffle(items)
    httpx.post(f"{hosts.sandbox_url}/_sandbox/faults", json=SLOW, trust_env=False)
    first, last = (
        Signing(hosts, half, told["keys"]) for half in (items[: COUNT // 2], items[COUNT // 2 :])
    )

    cuts = [workers_are_cut_off(hosts, first), stores_are_cut_off(hosts, last)]

    last.acknowledged.update(first.acknowledged)
    figures = _judged(hosts, items, last, cuts)
    assert figures.violations == [], "\n".join(figures.lines())


def workers_are_cut_off(hosts: ThreeHosts, signer: Signing) -> Outage:
    """People go on signing meanwhile; afterwards all that they signed is carried out."""
    cut = _cut_in_the_middle(hosts, "workers", signer)
    signed = len(signer.acknowledged)
    while time.time() < cut.began + CUT_S:
        assert hosts.answer("/healthz") == (200, {"status": "ok"})
        assert hosts.answer("/accounts/login/")[0] == 200
        time.sleep(1)
    assert len(signer.acknowledged) > signed
    return _healed(hosts, cut, signer)


def stores_are_cut_off(hosts: ThreeHosts, signer: Signing) -> Outage:
    """It says that it cannot work, and why, and goes on by itself."""
    cut = _cut_in_the_middle(hosts, "stores", signer)
    while time.time() < cut.began + CUT_S:
        assert hosts.answer("/healthz") == (200, {"status": "ok"})
        status, told = hosts.answer("/readyz")
        silent = [name for name, check in told["checks"].items() if not check["ok"]]
        assert (status, silent) == (503, ["database", "redis"])
        status, told = hosts.answer("/api/proposals/", key=signer.key)
        assert (status, told["title"]) == (503, "Service Unavailable")
    return _healed(hosts, cut, signer)


def _cut_in_the_middle(hosts: ThreeHosts, name: str, signer: Signing) -> Outage:
    """Pull a cable while a platform is being called."""
    signer.start()
    until(lambda: bool(rows(hosts, _CALL_IS_OUT)), "no call goes out", LIMIT_S)
    hosts.network.cut(name)
    return Outage(name, time.time())


def _healed(hosts: ThreeHosts, cut: Outage, signer: Signing) -> Outage:
    """Plug in again, and see that all is signed and settled in time."""
    hosts.network.heal(cut.name)
    cut.ended = time.time()
    with suppress(TimeoutError):
        until(lambda: not _open(hosts, signer, _UNSETTLED), "open", LIMIT_S)
    left = _open(hosts, signer, _UNSETTLED)
    settled_s = time.time() - cut.ended
    with suppress(TimeoutError):
        until(lambda: not _open(hosts, signer, _UNDONE), "open", AGAIN_S)
    undone = _open(hosts, signer, _UNDONE)
    _say(
        f"{cut.name} cut off for {cut.ended - cut.began:.1f} s: of {len(signer.wanted)} there are"
        f" {len(left)} unsettled {settled_s:.1f} s after the heal, and"
        f" {len(undone)} not carried out {time.time() - cut.ended:.1f} s after it"
    )
    assert (left, undone) == (set(), set())
    return cut


def _open(hosts: ThreeHosts, signer: Signing, which: str) -> set[str]:
    """What is not signed, not settled or carried out, or not sent yet."""
    unsigned = signer.wanted - set(signer.acknowledged)
    undone = signer.wanted & {public_id for (public_id,) in rows(hosts, which)}
    return unsigned | undone | {f"mail {pk}" for (pk,) in rows(hosts, _UNSENT)}


def _judged(
    hosts: ThreeHosts, items: Sequence[Item], signer: Signing, cuts: Sequence[Outage]
) -> Figures:
    killer = Killer(hosts, random.Random(1))
    killer.outages = [Outage("postgres", cut.began, cut.ended) for cut in cuts]
    figures = judged(hosts, items, signer, killer)
    for line in figures.lines():
        _say(line)
    return figures


def _say(words: str) -> None:
    """For ``pytest -rP``: the figures of docs/several-hosts.md."""
    sys.stdout.write(f"{words}\n")
