"""What Redis holds for us: values as JSON, so that none can be turned into code, and counters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import redis
from django.conf import settings
from django.core.cache import cache

T = TypeVar("T")


class JSONSerializer:
    """Serializer for Django's Redis cache, whose own one pickles."""

    def dumps(self, value: Any) -> bytes | int:
        """Encode; plain integers stay integers, so that Redis can count them."""
        if type(value) is int:
            return value
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        """Decode what ``dumps`` made."""
        return json.loads(data)


@lru_cache(maxsize=1)
def _redis() -> redis.Redis:
    way: dict[str, Any] = settings.CACHES["default"]
    options = {name: value for name, value in way["OPTIONS"].items() if name != "serializer"}
    return redis.Redis.from_url(str(way["LOCATION"]), **options)


def kept(name: str, read: Callable[[], T], *, keep_s: int = 60) -> T:
    """What is kept under a name, read anew once it is so old; it has to be the same as JSON.

    The name tells whose it is and what was asked; however long, its key stays short.
    """
    key = f"kept:{hashlib.sha256(name.encode()).hexdigest()}"
    found: list[T] | None = cache.get(key)
    if found is None:  # nothing is an answer, too
        found = [read()]
        cache.set(key, found, timeout=keep_s)
    return found[0]


def count_up(name: str, *, keep_s: int) -> int:
    """Count one more under a name and return the count; it is forgotten when unused for so long.

    One way to Redis and back: the cache of Django takes three for the same.
    """
    key = cache.make_key(name)
    with _redis().pipeline(transaction=False) as pipeline:
        pipeline.incr(key)
        pipeline.expire(key, keep_s)
        return int(pipeline.execute()[0])


# One bucket for all processes, by the clock of Redis: theirs differ.
_TAKE = """
local paused = redis.call('PTTL', KEYS[2])
if paused > 0 then return {0, paused} end
local rate, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1]) or burst
tokens = math.min(burst, tokens + math.max(0, now - (tonumber(kept[2]) or now)) * rate / 1000)
local granted = math.max(math.min(wanted, math.floor(tokens)), math.min(wanted, 0))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - granted), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 60000)
local wait = 0
if granted == 0 then wait = math.ceil((1 - tokens) / rate * 1000) end
return {granted, wait}
"""


def take_tokens(name: str, *, rate: float, burst: int, wanted: int) -> tuple[int, float]:
    """Take up to so many tokens of a bucket that ``rate`` a second flow into.

    Returns how many were taken and, where none was, after how many seconds there is one. A
    negative number gives tokens back that were not used.
    """
    keys = [cache.make_key(name), cache.make_key(f"{name}:paused")]
    granted, wait_ms = _redis().eval(_TAKE, 2, *keys, rate, burst, wanted)
    return int(granted), int(wait_ms) / 1000


def pause_tokens(name: str, *, seconds: float) -> None:
    """Give no tokens of a bucket for a while; a longer pause stays."""
    key = cache.make_key(f"{name}:paused")
    milliseconds = max(1, int(seconds * 1000))
    with _redis().pipeline(transaction=False) as pipeline:
        pipeline.set(key, 1, px=milliseconds, nx=True)
        pipeline.pexpire(key, milliseconds, gt=True)
        pipeline.execute()


def leave_mark(name: str, member: str, mark: Any, *, keep_s: int) -> None:
    """Leave a mark under a member of a name; all marks are forgotten when none was left so long."""
    key = cache.make_key(name)
    with _redis().pipeline(transaction=True) as pipeline:
        pipeline.hset(key, member, json.dumps(mark))
        pipeline.expire(key, keep_s)
        pipeline.execute()


def marks_of(name: str) -> dict[str, Any]:
    """Marks under a name, by member; the reader decides which are too old."""
    found: dict[Any, Any] = _redis().hgetall(cache.make_key(name))
    return {member.decode(): json.loads(mark) for member, mark in found.items()}


def add_up(name: str, amounts: Mapping[str, float], *, keep_s: int) -> None:
    """Add to the sums under a name, in one way to Redis; they are forgotten when unused so long."""
    if not amounts:
        return
    key = cache.make_key(name)
    with _redis().pipeline(transaction=False) as pipeline:
        for member, amount in amounts.items():
            pipeline.hincrbyfloat(key, member, amount)
        pipeline.expire(key, keep_s)
        pipeline.execute()


def sums_of(name: str) -> dict[str, float]:
    """Sums under a name, by member."""
    found: dict[Any, Any] = _redis().hgetall(cache.make_key(name))
    return {member.decode(): float(amount) for member, amount in found.items()}


def server_facts() -> dict[str, Any]:
    """What Redis says of itself."""
    facts: dict[str, Any] = _redis().info("memory") | _redis().info("persistence")
    return facts


def leave_answer(name: str, answer: Any, *, keep_s: int) -> None:
    """Leave an answer for the one who waits for it by ``wait_for_answer``, in any process."""
    key = cache.make_key(name)
    with _redis().pipeline(transaction=True) as pipeline:
        pipeline.rpush(key, json.dumps(answer))
        pipeline.expire(key, keep_s)
        pipeline.execute()


def wait_for_answer(name: str, *, timeout_s: float) -> Any | None:
    """Take the answer as soon as it is there; ``None`` when none came in time."""
    found = _redis().blpop([cache.make_key(name)], timeout=timeout_s)
    return None if found is None else json.loads(found[1])
