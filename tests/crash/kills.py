"""The whole system under kills: ``python -m tests.crash.kills --executions 1000``.

Signatures go in over the API while processes are killed at random. Afterwards every acknowledged
signature must have led to one effect and one settled record. Ends 1 where that is not so.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg2
import redis

from embedded.stack import SPARED, Stack
from embedded.state import EmbeddedError

_ENDS: Final = (
    "SELECT public_id::text, status, extract(epoch FROM executed_at), last_error"
    " FROM workspaces_proposal"
)
_GIVEN_UP: Final = "SELECT count(*) FROM outreach_outreachmessage WHERE status = 'failed'"
_TRIES: Final = (
    "SELECT outcome, extract(epoch FROM coalesce(call_sent_at, started_at)),"
    " extract(epoch FROM settled_at) FROM workspaces_executionattempt"
)
Item = dict[str, Any]
Span = tuple[float, float]

#: How often each is hit, of all kills. A child of a pool is what calls a platform.
VICTIMS: Final = {
    "child of worker-gate": 5, "child of worker-outreach": 2, "worker-gate": 1,
    "worker-outreach": 1, "beat": 1, "web": 1, "redis": 1, "postgres": 1,
}  # fmt: skip
LIMIT_S: Final = 60.0
_CHILD: Final = "child of "
#: Without these nothing that was signed is carried out or settled.
_NEEDED: Final = {"worker-gate", "beat", "redis", "postgres"}
_BACK_WITHIN_S: Final = 240.0
_PATIENCE_S: Final = 300.0
_POLL_S: Final = 0.1
_AT_ONCE: Final = 4  # signatures in a call


@dataclass
class Figures:
    """What a run was and what came of it."""

    executions: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    attempts: Counter[str] = field(default_factory=Counter)
    unsettled: int = 0
    still_down: list[str] = field(default_factory=list)
    given_up: int = 0  # the far end was not reached five times, and the record says so
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    settle_s: list[float] = field(default_factory=list)
    all_settle_s: list[float] = field(default_factory=list)
    receipt_s: list[float] = field(default_factory=list)
    wall_s: float = 0.0

    @property
    def violations(self) -> list[str]:
        """What was promised and not kept."""
        found = [f"lost after acknowledgement: {what}" for what in self.lost]
        found += [f"took effect twice: {what}" for what in self.doubled]
        found += [f"{name} never answered again" for name in self.still_down]
        if self.given_up:
            found.append(f"{self.given_up} were given up, though the far end answered")
        if self.unsettled:
            found.append(f"{self.unsettled} tries were never settled")
        if (longest := max(self.settle_s, default=0.0)) > LIMIT_S:
            found.append(f"a call was settled {longest:.0f} s after everything answered again")
        return found

    def lines(self) -> Iterator[str]:
        """The figures in words."""
        yield f"executions                {sum(self.executions.values())} {dict(self.executions)}"
        yield f"kills -9                  {sum(self.kills.values())} {dict(self.kills)}"
        yield f"signatures acknowledged   {self.acknowledged}"
        yield f"tries, by their outcome   {dict(self.attempts)}"
        yield f"lost after acknowledgement {len(self.lost)}"
        yield f"given up after five tries {self.given_up} (the far end was not reached)"
        yield f"took effect twice         {len(self.doubled)}"
        yield f"tries never settled       {self.unsettled}"
        yield f"call to settled record    {_spread(self.settle_s)} (while what it needs answered)"
        yield f"                          {_spread(self.all_settle_s)} (all time)"
        yield f"signature to receipt      {_spread(self.receipt_s)} (all time)"
        yield f"wall time                 {self.wall_s:.0f} s"


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    ordered = sorted(values)
    half, most = ordered[len(ordered) // 2], ordered[-1]
    late = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"p50 {half:.1f} s, p95 {late:.1f} s, longest {most:.1f} s"


class Signer(threading.Thread):
    """Signs at a pace, and repeats a call with its key until it is answered."""

    def __init__(self, stack: Stack, items: Sequence[Item], keys: Sequence[str], pace: float):
        super().__init__(daemon=True)
        self._stack, self._items, self._keys, self._pace = stack, items, keys, pace
        self.acknowledged: dict[str, float] = {}
        self.refused: dict[str, str] = {}

    def run(self) -> None:
        """Sign all of them."""
        begun = time.monotonic()
        for first in range(0, len(self._items), _AT_ONCE):
            due = begun + first / self._pace
            time.sleep(max(0.0, due - time.monotonic()))
            self._sign(self._items[first : first + _AT_ONCE])

    def _sign(self, items: Sequence[Item]) -> None:
        for number, key in enumerate(self._keys):
            asked = [one for one in items if one["signatures"] > number]
            if not asked:
                return
            body = {"items": [{name: one[name] for name in ("id", "plan_sha256")} for one in asked]}
            told = self._post(body, key, f"{asked[0]['id']}:{number}")
            self.refused.update({one["id"]: one["why"] for one in told["refused"]})
            signed = {one["id"] for one in told["done"]}
            last = {one["id"] for one in asked if one["signatures"] == number + 1}
            self.acknowledged.update(dict.fromkeys(signed & last, time.time()))

    def _post(self, body: dict[str, Any], key: str, name: str) -> dict[str, Any]:
        headers = {"Authorization": f"Api-Key {key}", "Idempotency-Key": name}
        while True:
            try:
                answer = httpx.post(
                    f"{self._stack.url}/api/proposals/bulk-sign/", json=body, headers=headers,
                    timeout=20, trust_env=False,
                )  # fmt: skip
            except httpx.HTTPError:
                time.sleep(0.5)
                continue
            if answer.is_success:
                told: dict[str, Any] = answer.json()
                return told
            if answer.status_code < 500 and answer.status_code not in (409, 429):
                raise RuntimeError(f"{answer.status_code}: {answer.text[:300]}")
            time.sleep(0.5)


@dataclass
class Outage:
    """From the kill of a process until it answers again."""

    name: str
    began: float
    ended: float = math.inf


class Killer:
    """Kills victims of chance, and keeps for how long each did not answer."""

    def __init__(self, stack: Stack, dice: random.Random) -> None:
        self._stack, self._dice = stack, dice
        self.kills: Counter[str] = Counter()
        self.outages: list[Outage] = []
        self._watches: list[threading.Thread] = []

    def strike(self) -> None:
        """Kill one of those that stand; none, where all are down or it just went with another."""
        down = {one.name for one in self.outages if one.ended == math.inf}
        standing = [one for one in VICTIMS if one.removeprefix(_CHILD) not in down]
        if not standing:  # on a busy machine they may come back more slowly than they are killed
            return
        (victim,) = self._dice.choices(standing, [VICTIMS[one] for one in standing])
        with suppress(EmbeddedError):
            self._kill(victim)

    def _kill(self, victim: str) -> None:
        name = victim.removeprefix(_CHILD)
        if name != victim:
            if not (child := self._child(name)):
                return
            os.kill(child, signal.SIGKILL)
        else:
            ready, began = self._times_ready(name), time.time()
            old = self._stack.kill(name)
            outage = Outage(name, began)
            self.outages.append(outage)
            watch = threading.Thread(target=self._watch, args=(outage, ready, old), daemon=True)
            self._watches.append(watch)
            watch.start()
        self.kills[victim] += 1

    def wait(self) -> None:
        """Until everything answers again."""
        for watch in self._watches:
            watch.join(_BACK_WITHIN_S)

    def _watch(self, outage: Outage, ready: int, old: int) -> None:
        self._stack.wait_for_new(outage.name, old, timeout_s=_BACK_WITHIN_S)
        why = f"{outage.name} does not answer"
        until(lambda: self._answers(outage.name, ready), why, _BACK_WITHIN_S)
        outage.ended = time.time()

    def _child(self, name: str) -> int | None:
        pid = self._stack.pid(name)
        children = [
            int(child)
            for tasks in Path(f"/proc/{pid}/task").glob("*/children")
            for child in tasks.read_text().split()
        ]
        return self._dice.choice(sorted(children)) if children else None

    def _times_ready(self, name: str) -> int:
        log = self._stack.state / "log" / f"{name}.log"
        return log.read_bytes().count(b" ready.") if log.exists() else 0

    def _answers(self, name: str, ready: int) -> bool:
        if name.startswith("worker-"):
            return self._times_ready(name) > ready
        try:
            return bool(self._asked(name))
        except (OSError, httpx.HTTPError, psycopg2.Error, redis.RedisError):
            return False

    def _asked(self, name: str) -> bool:
        if name == "web":
            return httpx.get(f"{self._stack.url}/accounts/login/", trust_env=False).is_success
        if name == "postgres":
            return bool(rows(self._stack, "SELECT 1"))
        if name == "redis":
            with redis.Redis.from_url(self._stack.redis_url) as client:
                return bool(client.ping())
        return True


def until(condition: Callable[[], bool], why: str, seconds: float) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{why} for {seconds:g} s")
        time.sleep(_POLL_S)


def rows(stack: Stack, sql: str) -> list[tuple[Any, ...]]:
    """What the database says."""
    with closing(psycopg2.connect(stack.database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall()


def effects(stack: Stack, items: Sequence[Item]) -> Counter[str]:
    """How often what was signed took effect, by the name of the effect."""
    with httpx.Client(base_url=stack.sandbox_url, timeout=60, trust_env=False) as far:
        found: Counter[str] = Counter()
        for one in far.get("/_sandbox/calls").json()["effects"]:
            found[f"entity:{one['entity_id']}"] += 1
        counts = "/_sandbox/messages/counts?platform=resend&by=recipient"
        told = far.get(counts).json()
        found["mails"] = told["total"]
        found["recipients"] = told["different"]
        for name in (str(one["effect"]) for one in items):
            kind, _, value = name.partition(":")
            if kind == "deal":
                found[name] = _amounts(far, value)
            elif kind == "comment":
                found[name] = _replies(far, value)
    for (pk,) in rows(stack, "SELECT test_id FROM experiments_abtestallocation"):
        found[f"test:{pk}"] += 1
    return found


def _amounts(far: httpx.Client, deal: str) -> int:
    body = {"inputs": [{"id": deal}], "properties": ["amount"], "propertiesWithHistory": ["amount"]}
    answer = far.post(
        "/crm/v3/objects/deals/batch/read", json=body,
        headers={"Authorization": "Bearer pat-sandbox-33"},
    )  # fmt: skip
    (found,) = answer.json()["results"]
    return len(found["propertiesWithHistory"]["amount"]) - 1


def _replies(far: httpx.Client, comment: str) -> int:
    token = {"Authorization": "Bearer sandbox-meta-social-ptd-fitness"}
    answer = far.get(f"/v26.0/{comment}/replies", params={"fields": "id,text"}, headers=token)
    return len(answer.json()["data"])


def judged(stack: Stack, items: Sequence[Item], signer: Signer, killer: Killer) -> Figures:
    """Hold what happened against what was acknowledged."""
    figures = Figures(Counter(str(one["what"]) for one in items), killer.kills)
    figures.acknowledged = len(signer.acknowledged)
    ends = rows(stack, _ENDS)
    by_id = {public_id: (status, at, why) for public_id, status, at, why in ends}
    found = effects(stack, items)
    for one in items:
        status, executed_at, why = by_id[one["id"]]
        if one["id"] not in signer.acknowledged:
            figures.lost.append(f"{one['effect']}: never signed, {signer.refused.get(one['id'])}")
            continue
        if status == "failed" and why.startswith("Given up"):
            figures.given_up += 1
            continue
        if status != "executed":
            figures.lost.append(f"{one['effect']}: {status} {why}")
            continue
        figures.receipt_s.append(float(executed_at) - signer.acknowledged[one["id"]])
        if not one["effect"].startswith("mail:"):
            _judge_effect(one["effect"], found[one["effect"]], figures)
    figures.still_down = [one.name for one in killer.outages if one.ended == math.inf]
    ((failed,),) = rows(stack, _GIVEN_UP)
    figures.given_up += failed
    _judge_mails(items, found, failed, figures)
    _judge_tries(stack, killer.outages, figures)
    return figures


def _judge_effect(name: str, times: int, figures: Figures) -> None:
    if times == 0:
        figures.lost.append(f"{name}: on record, and not there")
    elif times > 1:
        figures.doubled.append(f"{name}: {times} times")


def _judge_mails(items: Sequence[Item], found: Counter[str], failed: int, figures: Figures) -> None:
    wanted = sum(one["effect"].startswith("mail:") for one in items)
    if missing := wanted - found["recipients"] - failed:
        figures.lost.append(f"{missing} mails never arrived")
    if again := found["mails"] - found["recipients"]:
        figures.doubled.append(f"{again} mails")


def _judge_tries(stack: Stack, outages: Sequence[Outage], figures: Figures) -> None:
    down = merged((one.began, one.ended) for one in outages if one.name in _NEEDED)
    tries = rows(stack, _TRIES)
    for outcome, sent_at, settled_at in tries:
        if settled_at is None:
            figures.unsettled += 1
            continue
        figures.attempts[str(outcome)] += 1
        span = (float(sent_at), float(settled_at))
        figures.settle_s.append(span[1] - span[0] - overlap(span, down))
        figures.all_settle_s.append(span[1] - span[0])


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans that touch as one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def overlap(span: Span, spans: Sequence[Span]) -> float:
    """Seconds that a span has in common with others, which do not touch one another."""
    return sum(max(0.0, min(span[1], end) - max(span[0], begin)) for begin, end in spans)


def run(state: Path, *, executions: int, every_s: float, pace: float, seed: int) -> Figures:
    """Start everything, sign and kill, wait for the rest, and judge."""
    begun = time.monotonic()
    dice = random.Random(seed)
    prepare = (f"python -m tests.crash.kills_seed {executions}",)
    spared = [name for name in SPARED if name != "worker-outreach"]
    stack = Stack(state, prepare=prepare, spared=spared)
    try:
        stack.start(timeout_s=600)
        told = json.loads((state / "kills.json").read_text())
        items = [{**one, "plan_sha256": one["sha256"]} for one in told["items"]]
        dice.shuffle(items)
        signer, killer = Signer(stack, items, told["keys"], pace), Killer(stack, dice)
        signer.start()
        while signer.is_alive():
            signer.join(dice.uniform(0.5, 1.5) * every_s)
            killer.strike()
        killer.wait()
        _wait_for_the_rest(stack, len(items))
        figures = judged(stack, items, signer, killer)
    finally:
        stack.stop()
    figures.wall_s = time.monotonic() - begun
    return figures


def _wait_for_the_rest(stack: Stack, count: int) -> None:
    """Until every proposal is executed and every mail is out, or patience ends."""
    done = "SELECT count(*) FROM workspaces_proposal WHERE status IN ('executed', 'failed')"
    mails = "SELECT count(*) FROM outreach_outreachmessage WHERE status NOT IN ('sent', 'failed')"

    def is_done() -> bool:
        return rows(stack, done) == [(count,)] and rows(stack, mails) == [(0,)]

    deadline = time.monotonic() + _PATIENCE_S
    while not is_done() and time.monotonic() < deadline:
        time.sleep(1)


def main() -> int:
    """Print the figures; 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.kills", description=__doc__)
    parser.add_argument("--executions", type=int, default=50)
    parser.add_argument("--every", type=float, default=6.0, help="seconds between kills, about")
    parser.add_argument("--pace", type=float, default=2.0, help="signatures in a second")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--state", type=Path, help="keep what the run leaves in this directory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        figures = run(
            options.state or Path(folder), executions=options.executions, every_s=options.every,
            pace=options.pace, seed=options.seed,
        )  # fmt: skip
    sys.stdout.writelines(f"{line}\n" for line in (*figures.lines(), *figures.violations))
    return 1 if figures.violations else 0


if __name__ == "__main__":
    sys.exit(main())
