"""What an audience may ask of people: bought, read, visited, met, listed. Drawn from their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from attribution.models import FunnelDefinition
from attribution.services.website.partitions import ensure_days
from attribution.services.website.sites import create_site
from experiments.models import ABTest, ABTestVariant
from outreach.models import Audience
from workspaces.models import Workspace

DAYS: Final = 90
_TAKEN: Final = "c.workspace_id = %(workspace)s"
_AT: Final = "%(now)s - c.id %% 90 * interval '1 day' - c.id %% 1440 * interval '1 minute'"
_KEY: Final = "md5(c.id::text)::uuid"
#: Table, its columns that matter, and of whom; the others get what says nothing.
_ROWS: Final[tuple[tuple[str, dict[str, str], str], ...]] = (
    ("outreach_contactstanding", {
        "contact_id": "c.id",
        "segment": "(ARRAY['champions', 'loyal', 'potential_loyalists', 'at_risk', 'lost', ''])"
                   "[least(c.id %% 10, 5) + 1]",
        "purchases": "greatest(c.id %% 10 - 4, 0)", "spent": "greatest(c.id %% 10 - 4, 0) * 40",
        "last_purchase_at": f"CASE WHEN c.id %% 10 > 4 THEN {_AT} END",
    }, "true"),
    ("outreach_outreachmessage", {
        "contact_id": "c.id", "point_id": "0", "dedup_key": "'m' || c.id", "channel": "'email'",
        "purpose": "'marketing'", "status": "'sent'", "attempt": "1", "public_id": _KEY,
        "sent_at": _AT, "opened_at": f"CASE WHEN c.id %% 5 < 2 THEN {_AT} END",
        "clicked_at": f"CASE WHEN c.id %% 10 = 0 THEN {_AT} END",
        "replied_at": f"CASE WHEN c.id %% 50 = 0 THEN {_AT} END",
    }, "true"),
    ("attribution_visitor", {
        "site_id": "%(site)s", "key": _KEY, "public_id": _KEY, "person_id": "c.person_id",
    }, "c.id %% 2 = 0"),
    ("attribution_websession", {
        "site_id": "%(site)s", "visitor_key": "c.key", "public_id": "c.key", "visitor_id": "c.id",
        "furthest_stage": "'browsing'", "chain_started_at": _AT, "started_at": _AT, "ended_at": _AT,
    }, "true"),
    ("attribution_pageview", {
        "site_id": "%(site)s", "visitor_key": "c.key", "event_id": "c.key", "at": _AT,
        "day": f"(({_AT}) AT TIME ZONE 'UTC')::date", "path": "'/product/' || c.id %% 50",
        "position": "1", "stage": "'product'",
    }, "true"),
    ("attribution_webevent", {
        "site_id": "%(site)s", "visitor_key": "c.key", "event_id": "c.key", "at": _AT,
        "day": f"(({_AT}) AT TIME ZONE 'UTC')::date", "name": "'add_to_cart'", "type": "'custom'",
        "category": "'engagement'",
    }, "c.id %% 2 = 0"),
    ("conversion_tracking", {
        "public_id": _KEY, "conversion_id": "'c' || c.id", "type": "'purchase'",
        "value_kind": "'cash'", "method": "'unattributed'", "converted_at": _AT,
        "person_id": "c.person_id",
    }, "c.id %% 10 = 1"),
    ("attribution_funnelentry", {
        "funnel_id": "%(funnel)s", "visitor_key": "c.key", "level": "c.id %% 3 + 1",
        "step_seconds": "array_fill(0.0::float8, ARRAY[(c.id %% 3 + 1)::int])",
        "entered_on": f"(({_AT}) AT TIME ZONE 'UTC')::date",
    }, "c.id %% 2 = 0"),
    ("attribution_identifier", {
        "kind": "'visitor_id'", "value": "c.key::text", "person_id": "c.person_id",
    }, "true"),
    ("experiments_exposure", {
        "test_id": "%(test)s", "variant_id": "%(variant)s", "unit": "c.key::text", "at": _AT,
    }, "c.id %% 4 = 0"),
    ("outreach_audiencemember", {"audience_id": "%(list)s", "contact_id": "c.id"},
     "c.id %% 10 = 3"),
)  # fmt: skip
#: These are drawn from visitors, the others from contacts.
_OF_VISITORS: Final = frozenset(
    ("attribution_websession", "attribution_pageview", "attribution_webevent",
     "attribution_funnelentry", "attribution_identifier", "experiments_exposure")
)  # fmt: skip
_MISSING: Final = """
SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a
 WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
   AND NOT a.atthasdef AND a.attidentity = ''
"""
_NOTHING: Final = {
    "timestamp with time zone": "%(now)s", "uuid": "gen_random_uuid()", "boolean": "false",
    "date": "%(now)s::date", "bigint": "0", "integer": "0", "smallint": "0", "numeric": "0",
    "double precision": "0", "character varying": "''", "text": "''",
}  # fmt: skip


@dataclass(frozen=True)
class Named:
    """What rules speak of by its id."""

    funnel: FunnelDefinition
    test: ABTest
    listed: Audience


def fill(workspace: Workspace, now: datetime) -> Named:
    """Give every contact of a workspace something that rules can ask."""
    site = create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])
    funnel = FunnelDefinition.objects.create(
        workspace=workspace, name="Checkout", definition={}, window_seconds=3600
    )
    test = ABTest.objects.create(workspace=workspace, name="Hero", key="hero")
    variant = ABTestVariant.objects.create(workspace=workspace, test=test, key="a", position=1)
    listed = Audience.objects.create(workspace=workspace, name="Fair", kind="list")
    ensure_days((now - timedelta(days=number)).date() for number in range(-1, DAYS + 2))
    given = {
        "workspace": workspace.pk, "now": now, "site": site.pk, "funnel": funnel.pk,
        "test": test.pk, "variant": variant.pk, "list": listed.pk,
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        # Its triggers and keys are not what is measured.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, columns, of in _ROWS:
            _insert(cursor, table, columns, of, given)
    with connection.cursor() as cursor:
        for table, _, _ in _ROWS:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
    return Named(funnel, test, listed)


def _insert(
    cursor: Any, table: str, columns: Mapping[str, str], of: str, given: Mapping[str, Any]
) -> None:
    cursor.execute(_MISSING, [table])
    nothing = {name: _NOTHING.get(kind, "'{}'") for name, kind in cursor.fetchall()}
    said = {**nothing, "workspace_id": "%(workspace)s", **columns}
    source = "attribution_visitor" if table in _OF_VISITORS else "outreach_contact"
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(said)}) SELECT {', '.join(said.values())}"  # our own
        f"  FROM {source} c WHERE {_TAKEN} AND {of}",
        given,
    )
