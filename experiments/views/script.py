"""The script for A/B tests on websites: what every site loads, with its own tests in it."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from attribution.engine.web_agents import agent_of
from attribution.selectors.website.keys import site_of_key
from attribution.services.website.ingest import Origin
from attribution.site_door import SiteCaller, origin_of, seconds_to_wait
from experiments.engine.snippet import SiteTest, is_personal, site_config
from experiments.engine.targeting import Facts
from experiments.selectors.served import holdout_of, served_tests
from experiments.services.serving import note_asked

MAX_AGE_S: Final = 60  # how long a stopped test may still be shown
_BUILT: Final = Path(__file__).parents[1] / "snippet" / "dist" / "ab.js"
_TYPES: Final = ("new", "returning", "existing")
_SHARED: Final = {
    "Content-Type": "text/javascript; charset=utf-8",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


@require_safe
def ab_script(request: HttpRequest) -> HttpResponseBase:
    """Answer with the script of a site's key; an empty one where nothing runs."""
    _forget_cookie(request)
    found = site_of_key(request.GET.get("site", ""))
    if found is None:
        return _answer(request, "// There is no active website of this key.\n", status=404)
    site, rates = found
    origin = origin_of(request)
    caller = SiteCaller(site.workspace, None, "", None, site, rates)
    if wait_s := seconds_to_wait(caller, origin, "script"):
        return _too_many(wait_s)
    note_asked(site=site)
    tests = [one.on_site() for one in served_tests(site.workspace, site=site)]
    if not tests:
        return _answer(request, "")
    config = site_config(tests, _facts(request, origin, tests), holdout_of(site.workspace))
    head, tail = _script()
    return _answer(request, head + config + tail, is_personal=is_personal(tests))


def _forget_cookie(request: HttpRequest) -> None:
    """Nothing here depends on who is logged in, as the log asks: caches keep one copy for all."""
    request.session.accessed = False
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)


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


def _answer(
    request: HttpRequest, text: str, *, status: int = 200, is_personal: bool = False
) -> HttpResponseBase:
    body = text.encode()
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
    # No cookie is read. What device and country decide is kept by the visitor's browser only.
    headers = _SHARED | {
        "Cache-Control": f"max-age={MAX_AGE_S}, {'private' if is_personal else 'public'}",
        "ETag": etag,
        "Vary": ", ".join(("Accept-Encoding", *(_personal_headers() if is_personal else ()))),
    }
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(body) > 200:
        body = gzip.compress(body, 6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    answer = HttpResponse(body, status=status, headers=headers)
    if status != 200:
        return answer
    return get_conditional_response(request, etag=etag, response=answer) or answer


def _personal_headers() -> tuple[str, ...]:
    country = settings.GEO_HEADERS["country"]
    return ("User-Agent", country) if country else ("User-Agent",)


def _too_many(wait_s: int) -> HttpResponse:
    """No script: the page is drawn as it is. Nobody keeps that."""
    headers = _SHARED | {"Cache-Control": "no-store", "Retry-After": str(wait_s)}
    return HttpResponse("// Too many calls.\n", status=429, headers=headers)
