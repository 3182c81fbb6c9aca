"""What pages tell by asking for their tests."""

from __future__ import annotations

from datetime import datetime

from attribution.models import Site
from experiments.models import WebsiteABTest


def note_asked(*, site: Site, now: datetime) -> int:
    """Note on the tests of a site, drafts too, that its pages have asked; how many are new to it.

    That the script is in place is known before the first test starts. Written once for a test.
    """
    rows = WebsiteABTest.objects.filter(workspace_id=site.workspace_id, site=site, deployed_at=None)
    return rows.update(deployed_at=now) if rows.exists() else 0
