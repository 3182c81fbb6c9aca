"""The website of a key, as its door asks with every call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from django.db import connection

from attribution.models import Site

# A change gives a row another place or another transaction, so these two name its version.
_ASKED: Final = """
SELECT format('%%s %%s %%s %%s', s.xmin, s.ctid, w.xmin, w.ctid),
       (SELECT json_object_agg(r.scope, json_build_array(r.calls, r.seconds))
          FROM workspaces_throttlerate r WHERE r.workspace_id = w.id AND r.api_key_id IS NULL)
  FROM attribution_site s JOIN workspaces_workspace w ON w.id = s.workspace_id
 WHERE s.key = %s AND s.is_active AND w.closed_at IS NULL
"""


def site_of_key(key: str) -> tuple[Site, Mapping[str, tuple[int, int]]] | None:
    """Active site of a key with its workspace, and the rates of the workspace by scope.

    As the database has them now; what is unchanged is not read again.
    """
    if "\x00" in key:  # no text of PostgreSQL's
        return None
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, [key])
        found = cursor.fetchone()
    site = _read(key, found[0]) if found else None
    if site is None:
        return None
    return site, {scope: (calls, seconds) for scope, (calls, seconds) in (found[1] or {}).items()}


@lru_cache(maxsize=1024)
def _read(key: str, version: str) -> Site | None:
    return Site.objects.select_related("workspace").filter(key=key).first()
