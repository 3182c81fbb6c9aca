"""What Redis holds for us: values as JSON, so that none can be turned into code, and counters."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache


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
    return redis.Redis.from_url(str(settings.CACHES["default"]["LOCATION"]))


def count_up(name: str, *, keep_s: int) -> int:
    """Count one more under a name and return the count; it is forgotten when unused for so long.

    One way to Redis and back: the cache of Django takes three for the same.
    """
    key = cache.make_key(name)
    with _redis().pipeline(transaction=False) as pipeline:
        pipeline.incr(key)
        pipeline.expire(key, keep_s)
        return int(pipeline.execute()[0])


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
