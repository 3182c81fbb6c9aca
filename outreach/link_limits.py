"""How often one address may come by the links in messages.

What a token proves is never refused: mail clients fetch pictures by the thousand from a few
addresses of their own, and leaving must always work. Only who guesses is held up.
"""

from __future__ import annotations

import time
from typing import Final

from django.http import HttpRequest

from workspaces.cache import count_up
from workspaces.client_address import client_address

WINDOW_S: Final = 60
#: Tokens that nobody was sent: typed wrongly once or twice, or guessed.
MOST_WRONG: Final = 30
#: Openings and clicks that are still noted; more are answered all the same.
MOST_NOTED: Final = 6_000


def is_guessing(request: HttpRequest) -> bool:
    """Count a token of nobody; whether there were too many from there within the minute."""
    return _count(request, "wrong") > MOST_WRONG


def is_flooding(request: HttpRequest) -> bool:
    """Count something that is to be noted; whether there was too much within the minute."""
    return _count(request, "noted") > MOST_NOTED


def _count(request: HttpRequest, what: str) -> int:
    number = int(time.time() // WINDOW_S)
    name = f"outreach:links:{what}:{client_address(request)[:60]}:{number}"
    return count_up(name, keep_s=2 * WINDOW_S)
