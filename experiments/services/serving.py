"""What pages tell by asking for their tests."""

from __future__ import annotations

from django.core.cache import cache

from attribution.models import Site
from experiments.selectors.served import ASKED_S, asked_name


def note_asked(*, site: Site) -> None:
    """Note for a day that a site's pages ask for tests, so the script is known to be in place.

    In the cache, as its calls are counted there: asking changes nothing that is kept.
    """
    cache.add(asked_name(site), 1, timeout=ASKED_S)
