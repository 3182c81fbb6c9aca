"""Server time of the website's page over millions of events, made into sessions first."""

from __future__ import annotations

import sys
import time
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from attribution.models import Site, WebEvent, WebSession
from attribution.services.funnels.defining import create_funnel
from attribution.services.funnels.refreshing import refresh_funnel
from attribution.services.website.ingest import queue_visitors
from attribution.services.website.partitions import ensure_days
from attribution.services.website.sessions import sessionise_all
from attribution.services.website.sites import create_site
from benchmarks.figures import Figure, reset_peak_mb
from benchmarks.pages import Request, browser_of, figures_of, hosts
from benchmarks.queue_page import TARGET_MS
from workspaces.models import Workspace

DAYS = 30
A_SESSION = 8  # events
A_PERSON = 10  # events
_BATCH = 500_000

# Eight events a session: four pages on the way to a purchase that fewer and fewer see, and what is
# done on them. Everything is drawn from hashes of its number, so a run is like the other.
_FILL = """
INSERT INTO attribution_webevent
       (workspace_id, site_id, received_at, event_id, day, visitor_key, has_consent, at, type,
        category, name, label, url, path, title, referrer, source, medium, campaign, content, term,
        click_id_kind, click_id, is_tagged, element_id, element_class, element_text, element_type,
        href, user_id, currency, device, os, browser, country, region, city, screen, time_zone,
        language, variants, properties, seconds, value)
SELECT %(workspace)s, %(site)s, e.at, lpad(to_hex(e.number), 32, '0')::uuid,
       (e.at AT TIME ZONE 'UTC')::date, md5((e.session %% %(people)s)::text)::uuid,
       e.session %% 3 > 0, e.at, e.type,
       CASE e.type WHEN 'page_view' THEN 'navigation' ELSE
            CASE e.name WHEN 'purchase' THEN 'conversion' ELSE 'engagement' END END,
       e.name, '', 'https://shop.example' || e.path, e.path, 'A page', '',
       CASE WHEN e.place = 0 THEN (ARRAY['google','meta','news','x.example',''])[1 + e.h %% 5]
            ELSE '' END,
       CASE WHEN e.place = 0 THEN (ARRAY['organic','paid','email','referral',''])[1 + e.h %% 5]
            ELSE '' END,
       '', '', '', '', '', false, '', '', '', '', '', '',
       CASE e.name WHEN 'purchase' THEN 'USD' ELSE '' END,
       (ARRAY['mobile','desktop','tablet'])[1 + e.h %% 3], 'Linux', 'Chrome',
       (ARRAY['DE','US','FR','GB'])[1 + e.h %% 4], '', '', '', '', '', '{}', '{}',
       CASE e.type WHEN 'engagement' THEN 12.5 END, CASE e.name WHEN 'purchase' THEN 60 END
  FROM (SELECT g.n AS number, g.n / %(per)s AS session, g.n %% %(per)s AS place, s.h,
               %(start)s::timestamptz + s.h %% %(seconds)s * interval '1 second'
                   + g.n %% %(per)s * interval '20 seconds' AS at,
               (ARRAY['page_view','engagement','page_view','click','page_view','custom',
                      'page_view','custom'])[1 + g.n %% %(per)s] AS type,
               CASE g.n %% %(per)s WHEN 5 THEN 'add_to_cart' WHEN 7 THEN 'purchase'
                    ELSE (ARRAY['page_view','engagement','page_view','click','page_view','',
                                'page_view'])[1 + g.n %% %(per)s] END AS name,
               CASE WHEN g.n %% %(per)s < 2 THEN '/' WHEN g.n %% %(per)s < 4
                    THEN '/product/' || s.h %% 500 WHEN g.n %% %(per)s < 6 THEN '/cart'
                    ELSE '/checkout' END AS path
          FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS g(n)
         CROSS JOIN LATERAL (
             SELECT abs(hashint8(g.n / %(per)s))::bigint AS h) s) e
 -- Two thirds see a product, of them a half the cart, of them a third the end.
 WHERE e.place < 2 OR (e.place < 4 AND e.h %% 3 > 0)
    OR (e.place < 6 AND e.h %% 3 > 0 AND e.h %% 2 = 0)
    OR (e.h %% 3 > 0 AND e.h %% 6 = 4)
"""
_PAGES = (
    Request("/website/", "/website/", "Daily visitors"),
    Request("… 90 days", "/website/?days=90", "Daily visitors"),
    Request("… pages", "/website/?tab=page", "/product/"),
    Request("… pages, search", "/website/?tab=page&q=product/7", "/product/7"),
    Request("… sources", "/website/?tab=source", "google"),
)


def run(events: int, openings: int) -> list[Figure]:
    """Fill, make sessions and a funnel's entries, open the pages."""
    watch = reset_peak_mb()
    site = _site()
    with hosts():
        _fill(site, events)
        stored = WebEvent.objects.filter(site=site).count()
        figures = [_walk(site, stored), _count(site, stored)]
        sessions = WebSession.objects.filter(site=site).count()
        return figures + figures_of(
            browser_of(site.workspace), _PAGES, openings,
            size=f"{stored:,} events, {sessions:,} sessions", target_ms=TARGET_MS, peak=watch,
        )  # fmt: skip


def _site() -> Site:
    workspace = Workspace.objects.create(slug="bench-website-page", name="Bench")
    site = create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])
    # What is measured is the website; what attribution makes of conversions has its own part.
    site.records_conversions = False
    site.save(update_fields=["records_conversions"])
    return site


def _fill(site: Site, events: int) -> None:
    now = timezone.now()
    start = now - timedelta(days=DAYS)
    ensure_days((start + timedelta(days=number)).date() for number in range(-1, DAYS + 2))
    with connection.cursor() as cursor:
        # A third of the numbers drawn becomes no event.
        wanted = round(events * 1.72)
        for first in range(0, wanted, _BATCH):
            cursor.execute(
                _FILL,
                {
                    "workspace": site.workspace_id, "site": site.pk, "start": start,
                    "seconds": DAYS * 86_400 - 600, "people": max(1, events // A_PERSON),
                    "per": A_SESSION, "first": first, "last": min(wanted, first + _BATCH) - 1,
                },
            )  # fmt: skip
        cursor.execute("ANALYZE attribution_webevent")
    queue_visitors(site=site, now=now)


def _walk(site: Site, stored: int) -> Figure:
    started = time.perf_counter()
    sessionise_all(workspace=site.workspace, now=timezone.now())
    took_s = time.perf_counter() - started
    sys.stderr.write(f"{stored:,} events made into sessions in {took_s:.0f} s\n")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE attribution_websession, attribution_webday, attribution_pageview")
        started = time.perf_counter()
        cursor.execute(
            "SELECT count(*) FROM (SELECT at - lag(at) OVER (PARTITION BY site_id, visitor_key"
            " ORDER BY at, event_id) AS gap FROM attribution_webevent) g"
            " WHERE gap > interval '30 minutes'"
        )
        sort_s = time.perf_counter() - started
    return Figure(
        name=f"sessions of {stored:,} events made, told and counted by day",
        value=stored / took_s,
        unit="events/s",
        limit_name="events/s by one sort with the pause before each",
        limit=stored / sort_s,
    )


def _count(site: Site, stored: int) -> Figure:
    steps = [("Product", "/product/*"), ("Cart", "/cart"), ("Checkout", "/checkout")]
    document = {
        "steps": [
            {"name": name, "any_of": [{"kind": "page", "match": match}]} for name, match in steps
        ],
        "window_seconds": 86_400,
        "mode": "loose",
    }
    now = timezone.now()
    funnel = create_funnel(
        workspace=site.workspace, name="Shop", document=document, by=None, now=now
    )
    started = time.perf_counter()
    refresh_funnel(funnel=funnel, now=now)
    took_s = time.perf_counter() - started
    return Figure(
        name="… entries of a funnel over all of them",
        value=stored / took_s,
        unit="events/s",
    )
