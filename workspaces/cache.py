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
