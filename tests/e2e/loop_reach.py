"""What the loop's other half needs: people to write to, an agent's key, and a week of a test.

Run on the stack's servers after ``loop_past``; prints what the test asks for.
"""

from __future__ import annotations

import json
import os
import random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from django.utils import timezone  # noqa: E402  # needs the settings

from attribution.models import Site  # noqa: E402
from attribution.services.website.importing import import_events  # noqa: E402
from experiments.services.counting.counting import count_all  # noqa: E402
from experiments.services.library import define_metric  # noqa: E402
from inbox.models import InboxPolicy  # noqa: E402
from tests.e2e import outreach_rows  # noqa: E402
from tests.e2e.loop_past import NAME  # noqa: E402
from tests.e2e.shop_tests import PROMISE, started, visits  # noqa: E402
from workspaces.crypto import decrypt  # noqa: E402
from workspaces.gate import Proposer  # noqa: E402
from workspaces.models import ApiKey, User, Workspace  # noqa: E402

SHARES = {"purchase": (0.10, 0.30), "refund": (0.05, 0.05)}
VISITORS = 600  # of each variant


def fill() -> dict[str, str]:
    """Make it all."""
    workspace = Workspace.objects.get(name=NAME)
    connection = outreach_rows.fill(NAME, "loop", "postmark")
    InboxPolicy.objects.update_or_create(workspace=workspace, defaults={"undo_s": 1})
    _, key = ApiKey.objects.create_key(
        workspace=workspace, name="Drafter", kind="agent",
        scopes=["inbox:read", "inbox:write", "changes:propose"],
    )  # fmt: skip
    return {
        "connection": str(connection.public_id),
        "password": decrypt(connection.secret)["webhook_secret"],
        "key": key,
        "test": _week_of_a_test(workspace),
    }


def _week_of_a_test(workspace: Workspace) -> str:
    """Visits to the website under a test that was won; its public id."""
    now = timezone.now()
    site = Site.objects.select_related("workspace").get(workspace=workspace)
    by = Proposer.person(User.objects.get(email="olga@demo.example"))
    define_metric(
        workspace=workspace, now=now, by=by,
        values={"key": "refund", "name": "Refunds", "event": "refund", "goal": "decrease"},
    )  # fmt: skip
    test = started(site, by, now, "Promise of the loop", "/", {"selector": "h1", "value": PROMISE})
    drafts = visits(random.Random(7), site, test, "/", SHARES, VISITORS)
    import_events(site=site, drafts=drafts, now=now, has_consent=True)
    count_all(workspace=workspace, now=now)
    return str(test.public_id)


if __name__ == "__main__":
    print(json.dumps(fill()))  # noqa: T201  # what the caller reads
