"""Digests of all our rows: equal before and after means that nothing was written."""

from __future__ import annotations

from django.apps import apps
from django.db import connection

PRODUCT = ("workspaces", "campaigns", "attribution", "experiments", "outreach", "inbox", "mlops")
# Who looked is written down on purpose: sessions, and when a key was last used.
LOOKED = {"workspaces.Session", "workspaces.ApiKey"}


def digests() -> dict[str, str]:
    """Digest of every row of every table of ours."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            meta = model._meta
            if meta.app_label in PRODUCT and meta.managed and meta.label not in LOOKED:
                table = connection.ops.quote_name(meta.db_table)
                cursor.execute(
                    "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text))"
                    f" FROM {table} t"
                )
                found[meta.label] = str(cursor.fetchone())
    assert {"workspaces.Proposal", "workspaces.Plan", "workspaces.Signature"} < set(found)
    return found
