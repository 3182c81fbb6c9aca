"""The door for browsers of a website: its key opens it, on the origins that the key lists."""

from __future__ import annotations

import gzip
import hashlib
import json
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework import authentication, status
from rest_framework.exceptions import (
    AuthenticationFailed,
    ParseError,
    PermissionDenied,
    Throttled,
)
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.models import Site
from attribution.selectors.website.keys import site_of_key
from attribution.services.website.ingest import Origin
from workspaces.api.caller import Caller
from workspaces.api.parsers import TooLargeError
from workspaces.api.throttling import count
from workspaces.api.views import ApiView
from workspaces.client_address import client_address

MAX_WIRE: Final = 64 * 1024
MAX_UNPACKED: Final = 1024 * 1024
_ALLOWED: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "content-type, content-encoding, x-site-key",
    "Access-Control-Max-Age": "86400",
}
_SCRIPT: Final = {
    "Content-Type": "text/javascript; charset=utf-8",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


@dataclass(frozen=True)
class SiteCaller(Caller):
    """A website; nobody in particular."""

    site: Site | None = None
    site_rates: Mapping[str, tuple[int, int]] | None = None

    @property
    def owner(self) -> str:
        """Stable name, for counters."""
        return f"site:{self.site.pk}" if self.site else ""

    @property
    def rates(self) -> Mapping[str, tuple[int, int]]:
        """Those read with the site."""
        return super().rates if self.site_rates is None else self.site_rates


class SiteKeyAuthentication(authentication.BaseAuthentication):
    """``?site=<key>`` or ``X-Site-Key``; a browser elsewhere than on the key's origins is refused.

    A call without an origin comes from a server: browsers always tell theirs.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, SiteCaller] | None:
        """Find the site, and hold the origin against it."""
        key = request.query_params.get("site", "") or request.headers.get("X-Site-Key", "")
        origin = request.headers.get("Origin", "")
        if not key:
            if request.method == "OPTIONS" and origin:
                return _asked_without_key(origin)
            raise AuthenticationFailed("Name the website: ?site= with the key of its snippet.")
        found = site_of_key(key)
        if found is None:
            raise AuthenticationFailed("There is no active website of this key.")
        site, rates = found
        if origin and origin not in site.origins:
            raise PermissionDenied(
                f"{origin} is no origin of this website. Add it to the website in the admin."
            )
        return AnonymousUser(), SiteCaller(site.workspace, None, "", None, site, rates)

    def authenticate_header(self, request: Request) -> str:
        """Tell how to authenticate; makes a missing key a 401."""
        return "Site-Key"


def _asked_without_key(origin: str) -> tuple[AnonymousUser, SiteCaller]:
    """A preflight that names no key: any site may list the origin, the call itself names one."""
    rows = Site.objects.select_related("workspace").filter(is_active=True)
    site = rows.filter(origins__contains=[origin]).order_by("pk").first()
    if site is None:
        raise PermissionDenied(f"{origin} is the origin of no website here.")
    return AnonymousUser(), SiteCaller(site.workspace, None, "", None, site)


class EventsParser(BaseParser):
    """JSON of at most 64 KiB on the wire and 1 MiB unpacked; gzip is taken."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Read the body, or refuse it in words."""
        raw = stream.read(MAX_WIRE + 1)
        if len(raw) > MAX_WIRE:
            raise TooLargeError(f"The body is larger than {MAX_WIRE:,} bytes; send less at once.")
        context = parser_context or {}
        encoding = context["request"].headers.get("Content-Encoding", "").strip().lower()
        raw = _unpacked(raw, encoding)
        context["view"].has_escapes = b"\\u0000" in raw or b"\\ud" in raw.lower()
        try:
            return _fast(raw) or json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from None


class BeaconEventsParser(EventsParser):
    """The same as ``text/plain``: a browser sends that elsewhere without asking first."""

    media_type = "text/plain"


def _unpacked(raw: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        return raw
    if encoding != "gzip":
        raise ParseError("Send the body as it is, or with Content-Encoding: gzip.")
    packed = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = packed.decompress(raw, MAX_UNPACKED)
    except zlib.error:
        raise ParseError("The body is no gzip.") from None
    if packed.unconsumed_tail:
        raise TooLargeError(f"Unpacked the body is larger than {MAX_UNPACKED:,} bytes.")
    if not packed.eof:
        raise ParseError("The gzip ends in the middle.")
    return plain


def _fast(raw: bytes) -> Any:
    """Read JSON in Rust; ``None`` for what the slower reader may take or refuse in its words."""
    from pydantic_core import from_json  # as the shapes of events: few processes need it

    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError:
        return None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number that JSON knows")


class SiteView(ApiView):
    """Answers browsers on the origins of a website's key."""

    authentication_classes = [SiteKeyAuthentication]
    permission_classes: list[Any] = []  # the key is the permission
    parser_classes = [EventsParser, BeaconEventsParser]
    throttle_group = "ingest"
    has_escapes = False

    @property
    def site(self) -> Site:
        """The website of the key."""
        caller = self.caller
        if not (isinstance(caller, SiteCaller) and caller.site):
            raise AuthenticationFailed("Name the website: ?site= with the key of its snippet.")
        return caller.site

    def hold_rate(self, origin: Origin) -> None:
        """Refuse the calls of one connection over the limit, however many it pretends to be."""
        owner = f"visitor:{self.site.pk}:{connection_of(origin)}"
        window = count(self.caller, "visitor", clock_s=time.time(), owner=owner)
        if window.used > window.limit:
            raise Throttled(window.seconds_left)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Answer a preflight; what the key does not list was refused before."""
        return Response(status=status.HTTP_204_NO_CONTENT, headers=_ALLOWED)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Let the page read the answer; without cookies, so that it says nothing of anybody."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        origin = request.headers.get("Origin", "")
        if origin and isinstance(request.auth, SiteCaller):
            answer["Access-Control-Allow-Origin"] = origin
            answer["Access-Control-Expose-Headers"] = "Retry-After"
        answer["Vary"] = "Origin"
        return answer


def seconds_to_wait(caller: SiteCaller, origin: Origin, what: str) -> int:
    """Count a page's call for something of its own; how long it is to wait over a limit, else 0.

    The limits are those of events: of one connection, and of the website. What is over the first
    does not count for the second: one browser uses up nobody else's.
    """
    owners = {"visitor": f":{connection_of(origin)}", "ingest": ""}
    for scope, ending in owners.items():
        owner = f"{what}:{caller.owner}{ending}"
        window = count(caller, scope, clock_s=time.time(), owner=owner)
        if window.used > window.limit:
            return window.seconds_left
    return 0


def connection_of(origin: Origin) -> str:
    """Name of a connection, from which nobody reads its address."""
    return hashlib.sha256(f"{origin.ip_address}\n{origin.user_agent}".encode()).hexdigest()


def origin_of(request: HttpRequest) -> Origin:
    """Who sent a request, as far as its connection and the proxies in front of us tell."""
    headers = request.headers
    named = {
        name: headers.get(header, "")[:80] if header else ""
        for name, header in settings.GEO_HEADERS.items()
    }
    country = named.pop("country").upper()
    return Origin(
        user_agent=headers.get("User-Agent", ""),
        ip_address=client_address(request),
        country=country if len(country) == 2 and country.isalpha() else "",
        **named,
    )


def caller_of_script(request: HttpRequest) -> SiteCaller | None:
    """Who loads a script by a website's key; ``None``: there is no such website.

    Nothing in a script depends on who is logged in, as the log asks: caches keep one for all.
    """
    request.session.accessed = False
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
    found = site_of_key(request.GET.get("site", ""))
    if found is None:
        return None
    site, rates = found
    return SiteCaller(site.workspace, None, "", None, site, rates)


def script_answer(
    request: HttpRequest, text: str, *, max_age_s: int, vary: Sequence[str] | None = None
) -> HttpResponseBase:
    """Answer with a script. ``vary``: what it depends on, so that only a browser keeps it."""
    body = text.encode()
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = _SCRIPT | {
        "Cache-Control": f"max-age={max_age_s}, {'public' if vary is None else 'private'}",
        "ETag": etag,
        "Vary": ", ".join(("Accept-Encoding", *(vary or ()))),
    }
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(body) > 200:
        body = gzip.compress(body, 6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    answer = HttpResponse(body, headers=headers)
    return get_conditional_response(request, etag=etag, response=answer) or answer


def no_script(max_age_s: int) -> HttpResponse:
    """Say that a key opens nothing."""
    headers = _SCRIPT | {"Cache-Control": f"max-age={max_age_s}, public"}
    text = "// There is no active website of this key.\n"
    return HttpResponse(text, status=404, headers=headers)


def too_many_scripts(wait_s: int) -> HttpResponse:
    """No script: the page is drawn as it is. Nobody keeps that."""
    headers = _SCRIPT | {"Cache-Control": "no-store", "Retry-After": str(wait_s)}
    return HttpResponse("// Too many calls.\n", status=429, headers=headers)
