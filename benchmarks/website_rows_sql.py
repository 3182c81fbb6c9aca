"""Visits of a website as SQL: drawn once for each part, then told to the tables.

A number decides all of a visit: one to seven pages, something done on each of them.
"""

from __future__ import annotations

from typing import Final

from attribution.models import PageView, Visitor, WebEvent, WebSession

#: Events of a visit, on the average: two for each page.
A_SESSION: Final = 8

_PATHS: Final = (
    "CASE {k} WHEN 0 THEN '/' WHEN 3 THEN '/cart' WHEN 4 THEN '/checkout'"
    " WHEN 5 THEN '/checkout/pay' WHEN 6 THEN '/thank-you'"
    " ELSE '/product/' || (s.h + {k}) %% 500 END"
)
_STAGES: Final = (
    "CASE WHEN {k} = 0 THEN 'home' WHEN {k} < 3 THEN 'product' WHEN {k} = 3 THEN 'cart'"
    " WHEN {k} < 6 THEN 'checkout' ELSE 'conversion' END"
)
_SITE: Final = {"workspace_id": "%(ws)s", "site_id": "%(site)s"}
_PLACE: Final = {
    "device": "(ARRAY['mobile','desktop','tablet'])[1 + s.h %% 3]",
    "os": "(ARRAY['Android','Windows','iOS'])[1 + s.h %% 3]",
    "browser": "(ARRAY['Chrome','Firefox','Safari'])[1 + s.h / 3 %% 3]",
    "country": "(ARRAY['DE','US','FR','GB'])[1 + s.h %% 4]",
}
_SOURCE: Final = "(ARRAY['google','meta','news','x.example','direct'])[1 + s.h %% 5]"
_MEDIUM: Final = "(ARRAY['organic','paid','email','referral','none'])[1 + s.h %% 5]"

VISITORS: Final = (
    Visitor,
    {
        **_SITE,
        **_PLACE,
        "key": "md5('visitor ' || s.n)::uuid",
        "has_consent": "s.n %% 3 > 0",
        "first_source": _SOURCE,
        "first_medium": _MEDIUM,
        "visits": "6",
        "page_views": "25",
        "seconds": "300",
        "first_seen_at": "%(since)s::timestamptz",
        "last_seen_at": "%(until)s::timestamptz - s.n %% 250000 * interval '10 seconds'",
    },
    "(SELECT g.n, g.n AS h FROM generate_series(0, %(visitors)s::bigint - 1) g(n)) s",
)
KNOWN: Final = """
CREATE TEMPORARY TABLE drawn_visitor ON COMMIT DROP AS
SELECT n, v.id, v.key, v.has_consent
  FROM generate_series(0, %(visitors)s::bigint - 1) n
  JOIN attribution_visitor v ON v.site_id = %(site)s AND v.key = md5('visitor ' || n)::uuid
"""
DRAWN: Final = """
CREATE TEMPORARY TABLE drawn_visit ON COMMIT DROP AS
SELECT g.n, d.h, 1 + d.h %% 7 AS pages, md5('visit ' || g.n)::uuid AS public_id, v.id AS visitor,
       v.key AS visitor_key, v.has_consent,
       %(since)s::timestamptz + (g.n - %(first)s) * 86400.0 / %(size)s * interval '1 second' AS at
  FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(size)s::bigint - 1) g(n)
 CROSS JOIN LATERAL (SELECT abs(hashint8(g.n)::bigint) AS h) d
  JOIN drawn_visitor v ON v.n = d.h %% %(visitors)s::bigint
"""
# Forty seconds a page; what is done on it comes twenty seconds later.
_AT: Final = "(s.at + p * interval '20 seconds')"
_ID: Final = (
    "(lpad(to_hex((extract(epoch FROM " + _AT + ") * 1000)::bigint), 12, '0') || '7'"
    " || substr(md5(s.n || ':' || p), 1, 19))::uuid"
)
_DONE: Final = "(ARRAY['click','engagement','custom'])[1 + p / 2 %% 3]"

SESSIONS: Final = (
    WebSession,
    {
        **_SITE,
        **_PLACE,
        "public_id": "s.public_id",
        "visitor_id": "s.visitor",
        "visitor_key": "s.visitor_key",
        "chain_started_at": "s.at",
        "started_at": "s.at",
        "ended_at": "s.at + (2 * s.pages - 1) * interval '20 seconds'",
        "local_day": "(s.at AT TIME ZONE %(zone)s)::date",
        "source": _SOURCE,
        "medium": _MEDIUM,
        "channel": "(ARRAY['organic','meta','email','referral','direct'])[1 + s.h %% 5]",
        "landing_page": "'/'",
        "exit_page": _PATHS.format(k="(s.pages - 1)"),
        "page_views": "s.pages",
        "events": "s.pages",
        "seconds": "s.pages * 30",
        "is_bounce": "s.pages = 1",
        "furthest_stage": _STAGES.format(k="s.pages - 1"),
        "conversions": "(s.pages = 7)::int",
        "value": "CASE WHEN s.pages = 7 THEN 60 ELSE 0 END",
        "engagement_score": "10 * s.pages",
        "customer_type": "CASE WHEN s.has_consent THEN 'new' ELSE '' END",
    },
    "drawn_visit s",
)
EVENTS: Final = (
    WebEvent,
    {
        **_SITE,
        **_PLACE,
        "event_id": _ID,
        "day": f"({_AT} AT TIME ZONE 'UTC')::date",
        "visitor_key": "s.visitor_key",
        "has_consent": "s.has_consent",
        "at": _AT,
        "received_at": _AT,
        "type": f"CASE WHEN p %% 2 = 0 THEN 'page_view' ELSE {_DONE} END",
        "category": "CASE WHEN p %% 2 = 0 THEN 'navigation' WHEN p = 13 THEN 'conversion'"
        " ELSE 'engagement' END",
        "name": "CASE WHEN p %% 2 = 0 THEN 'page_view' WHEN p = 13 THEN 'purchase'"
        f" WHEN p = 5 THEN 'add_to_cart' ELSE {_DONE} END",
        "url": "'https://shop.example' || " + _PATHS.format(k="(p / 2)"),
        "path": _PATHS.format(k="(p / 2)"),
        "title": "'A page'",
        "source": f"CASE WHEN p = 0 THEN {_SOURCE} ELSE '' END",
        "medium": f"CASE WHEN p = 0 THEN {_MEDIUM} ELSE '' END",
        "is_tagged": "false",
        "value": "CASE WHEN p = 13 THEN 60 END",
        "currency": "CASE WHEN p = 13 THEN 'USD' ELSE '' END",
    },
    "drawn_visit s CROSS JOIN LATERAL generate_series(0, 2 * s.pages - 1) p",
)
PAGES: Final = (
    PageView,
    {
        **_SITE,
        "event_id": _ID,
        "day": f"({_AT} AT TIME ZONE 'UTC')::date",
        "local_day": f"(({_AT}) AT TIME ZONE %(zone)s)::date",
        "visitor_key": "s.visitor_key",
        "session_id": "s.public_id",
        "position": "1 + p / 2",
        "at": _AT,
        "url": "'https://shop.example' || " + _PATHS.format(k="(p / 2)"),
        "path": _PATHS.format(k="(p / 2)"),
        "title": "'A page'",
        "stage": _STAGES.format(k="p / 2"),
        "is_conversion_page": "p = 12",
        "is_exit": "p / 2 = s.pages - 1",
        "seconds": "30",
        "scroll": "70",
        "interactions": "1",
    },
    "drawn_visit s CROSS JOIN LATERAL generate_series(0, 2 * s.pages - 2, 2) p",
)
