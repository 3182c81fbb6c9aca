"""Cache values as JSON: nothing in Redis can be turned into code."""

from __future__ import annotations

import json
from typing import Any


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
