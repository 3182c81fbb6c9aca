"""What no log shows: tokens in the addresses of messages. Whoever has one may act by it."""

from __future__ import annotations

import json
import re
from typing import Any, Final

#: Paths of `outreach.urls_links`, and where somebody says how it was.
_TOKEN: Final = re.compile(r"(/o/(?:c|p|u|preferences)/)[A-Za-z0-9_=-]+|(/r/)[A-Za-z0-9_=.:-]+")


def masked(text: str) -> str:
    """Text without tokens."""
    return _TOKEN.sub(r"\1\2[token]", text)


def masked_json(line: Any, **options: Any) -> str:
    """A line of a log as JSON, masked as a whole: whatever part of it holds an address."""
    return masked(json.dumps(line, **options))
