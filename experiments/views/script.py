"""The script for A/B tests on websites: what every site loads, with its own tests in it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from attribution.engine.web_agents import agent_of
from attribution.services.website.ingest import Origin
from attribution.site_door import (
    caller_of_script,
    no_script,
    origin_of,
    script_answer,
    seconds_to_wait,
    too_many_scripts,
)
from experiments.engine.snippet import SiteTest, is_personal, site_config
from experiments.engine.targeting import Facts
from experiments.selectors.served import holdout_of, served_tests
from experiments.services.serving import note_asked

MAX_AGE_S: Final = 60  # how long a stopped test may still be shown
_BUILT: Final = Path(__file__).parents[1] / "snippet" / "dist" / "ab.js"
_TYPES: Final = ("new", "returning", "existing")


@require_safe
def ab_script(request: HttpRequest) -> HttpResponseBase:
    """Answer with the script of a site's key; an empty one where nothing runs."""
    caller = caller_of_script(request)
    if caller is None or caller.site is None:
        return no_script(MAX_AGE_S)
    site, origin = caller.site, origin_of(request)
    if wait_s := seconds_to_wait(caller, origin, "script"):
        return too_many_scripts(wait_s)
    note_asked(site=site)
    tests = [one.on_site() for one in served_tests(site.workspace, site=site)]
    if not tests:
        return script_answer(request, "", max_age_s=MAX_AGE_S)
    config = site_config(tests, _facts(request, origin, tests), holdout_of(site.workspace))
    head, tail = _script()
    # What device and country decide is kept by the visitor's browser only.
    vary = _personal_headers() if is_personal(tests) else None
    return script_answer(request, head + config + tail, max_age_s=MAX_AGE_S, vary=vary)


@cache
def _script() -> tuple[str, str]:
    head, _, tail = _BUILT.read_text().partition("CONFIG")
    return head, tail


def _facts(request: HttpRequest, origin: Origin, tests: list[SiteTest]) -> Facts:
    """What the connection tells; the tag may say who the visitor is to the site."""
    told = request.GET.get("customer_type", "")
    customer_type = told if told in _TYPES else ""
    if not is_personal(tests):
        return Facts(customer_type=customer_type)
    return Facts(agent_of(origin.user_agent).device, origin.country, customer_type)


def _personal_headers() -> tuple[str, ...]:
    country = settings.GEO_HEADERS["country"]
    return ("User-Agent", country) if country else ("User-Agent",)
