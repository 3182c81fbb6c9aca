"""Events of websites: taken in calls of many and of one, then made into sessions."""

from __future__ import annotations

import gzip
import io
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.http import HttpResponse
from django.test import Client
from django.test.utils import override_settings
from django.urls import path as url_path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.api.website import WebsiteEvents
from attribution.models import Site, WebEvent, WebSession
from attribution.services.website.ingest_sql import COLUMNS
from attribution.services.website.sessions import sessionise_all
from attribution.services.website.sites import create_site
from attribution.site_door import origin_of
from benchmarks.figures import Figure, quantile, reset_peak_mb
from config.urls import urlpatterns as product_paths
from workspaces.models import ThrottleRate, Workspace

PER_CALL = 500
COPY_SHARE = 0.4
BARE_SHARE = 0.4
_ROUND = 20  # calls
_ORIGIN = "https://shop.example"
_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
    " Safari/537.36"
)
_TABLE = "attribution_webevent"


class BareEvents(WebsiteEvents):
    """The limit of one event a call: the same middleware, key and rates, and nothing stored."""

    def post(self, request: Request) -> Response:
        """Answer 204."""
        self.hold_rate(origin_of(request._request))
        return Response(status=204)


urlpatterns = [*product_paths, url_path("bare/events/", BareEvents.as_view())]


def run(calls: int, singles: int) -> list[Figure]:
    """Events a second, beside what the database and the framework alone can do."""
    site = _site()
    hosts = [*settings.ALLOWED_HOSTS, "testserver"]
    with override_settings(ALLOWED_HOSTS=hosts, ROOT_URLCONF=__name__):
        batches = _batches(site, calls)
        one_by_one = _one_by_one(site, singles)
        _empty()
        for number in range(calls):
            _send(Client(), site, _packed(number))
        return [*batches, one_by_one, _sessions(site)]


def _site() -> Site:
    workspace = Workspace.objects.create(slug="bench-website", name="Bench")
    for scope in ("ingest", "visitor"):
        ThrottleRate.objects.create(workspace=workspace, scope=scope, calls=10**7, seconds=60)
    return create_site(workspace=workspace, name="Shop", origins=[_ORIGIN])


def _batches(site: Site, calls: int) -> list[Figure]:
    """In rounds, each with its limit beside it, so that what else the machine does meets both."""
    watch = reset_peak_mb()
    client = Client()
    _send(client, site, _packed(calls))
    took_s: list[float] = []
    copy_s = 0.0
    for first in range(0, calls, _ROUND):
        bodies = [_packed(number) for number in range(first, min(first + _ROUND, calls))]
        _empty()
        took_s += [_send(client, site, body) for body in bodies]
        stored = WebEvent.objects.filter(site=site).count()
        if stored != len(bodies) * PER_CALL:
            raise RuntimeError(f"{stored} events stored of {len(bodies) * PER_CALL}")
        copy_s += _copy_s()
    rate, limit = calls * PER_CALL / sum(took_s), calls * PER_CALL / copy_s
    return [
        Figure(
            name=f"website events taken, {PER_CALL} a call",
            value=rate,
            unit="events/s",
            limit_name="rows/s by COPY of the same rows into the same table",
            limit=limit,
            target=f"≥ {COPY_SHARE:.2f}",
            is_met=rate >= COPY_SHARE * limit,
            peak_mb=watch(),
            facts={"call_p99_s": quantile(took_s, 0.99)},
        )
    ]


def _empty() -> None:
    with database.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_TABLE}")


def _copy_s() -> float:
    """Copy the rows out, empty the partitions, copy them in again in one go."""
    columns = ", ".join(COLUMNS)
    rows = io.StringIO()
    with database.cursor() as cursor:
        cursor.copy_expert(f"COPY (SELECT {columns} FROM {_TABLE}) TO STDOUT", rows)
        rows.seek(0)
        _empty()
        started = time.perf_counter()
        cursor.copy_expert(f"COPY {_TABLE} ({columns}) FROM STDIN", rows)
        return time.perf_counter() - started


def _one_by_one(site: Site, singles: int) -> Figure:
    client = Client()
    times: dict[str, list[float]] = {"/api/website/events": [], "/bare/events/": []}
    for number in range(-5, singles):
        for path, took in times.items():
            body = json.dumps({"events": [_event(10**6 + number, 0)]}).encode()
            seconds = _send(client, site, body, path=path, is_packed=False)
            if number >= 0:
                took.append(seconds)
    ours, bare = (len(took) / sum(took) for took in times.values())
    return Figure(
        name="website events taken, one a call",
        value=ours,
        unit="calls/s",
        limit_name="calls/s by a view with the same middleware, key and rates that answers 204",
        limit=bare,
        target=f"≥ {BARE_SHARE:.2f}",
        is_met=ours >= BARE_SHARE * bare,
        facts={"p99_s": quantile(times["/api/website/events"], 0.99)},
    )


def _sessions(site: Site) -> Figure:
    """All that is stored, as new; beside the sort that no walk over events can do without."""
    with database.cursor() as cursor:
        cursor.execute(f"ANALYZE {_TABLE}")
        started = time.perf_counter()
        cursor.execute(
            "SELECT count(*) FROM (SELECT at - lag(at) OVER (PARTITION BY site_id, visitor_key"
            f" ORDER BY at, event_id) AS gap FROM {_TABLE}) g WHERE gap > interval '30 minutes'"
        )
        sort_s = time.perf_counter() - started
    events = WebEvent.objects.filter(site=site).count()
    watch, started = reset_peak_mb(), time.perf_counter()
    sessionise_all(workspace=site.workspace, now=timezone.now())
    took_s = time.perf_counter() - started
    return Figure(
        name=f"sessions of {events:,} events made and counted by day",
        value=events / took_s,
        unit="events/s",
        limit_name="events/s by one sort with the pause before each",
        limit=events / sort_s,
        peak_mb=watch(),
        facts={"sessions": WebSession.objects.filter(site=site).count()},
    )


def _packed(number: int) -> bytes:
    events = [_event(number, place) for place in range(PER_CALL)]
    body = {
        "consent": True, "visitor_id": str(uuid.UUID(int=number + 1)), "screen": "1280x800",
        "time_zone": "Europe/Berlin", "language": "de-DE", "events": events,
    }  # fmt: skip
    return gzip.compress(json.dumps(body).encode(), 6)


def _event(number: int, place: int) -> dict[str, Any]:
    """A quarter each: page views, clicks, events of the shop's own, attention."""
    at = datetime.now(UTC) - timedelta(seconds=20_000 - 40 * place)
    moment = round(at.timestamp() * 1000)
    event_id = str(uuid.UUID(int=moment << 80 | 7 << 76 | 2 << 62 | number << 20 | place))
    url = f"{_ORIGIN}/product/{(number + place) % 500}"
    kind = place % 4
    if kind == 0:
        tags = "?utm_source=news&utm_medium=email" if place == 0 else ""
        return {"id": event_id, "type": "page_view", "url": url + tags, "title": "A product",
                "referrer": "https://www.google.com/"}  # fmt: skip
    event = {"id": event_id, "url": url, "page_id": event_id}
    if kind == 1:
        element = {"id": "buy", "class": "btn", "text": "Buy", "type": "button"}
        return {**event, "type": "click", "element": element}
    if kind == 2:
        properties = {"value": 10.5, "currency": "EUR", "sku": f"s{place}"}
        return {**event, "type": "custom", "name": "add_to_cart", "properties": properties}
    return {**event, "type": "engagement", "seconds": 3.2}


def _send(
    client: Client, site: Site, body: bytes, *, path: str = "/api/website/events",
    is_packed: bool = True,
) -> float:  # fmt: skip
    headers = {"Origin": _ORIGIN, "User-Agent": _AGENT}
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    address = f"{path}?site={site.key}"
    started = time.perf_counter()
    answer: HttpResponse = client.post(address, body, content_type="text/plain", headers=headers)
    seconds = time.perf_counter() - started
    if not 200 <= answer.status_code < 300:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.content!r}")
    return seconds
