"""Server time of the inbox's lists and search over years of conversations, and closing 5,000.

``python -m benchmarks.inbox_page`` measures on 450,000 conversations that it keeps for the next
time; the part ``inbox`` of ``python -m benchmarks`` draws its own.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from benchmarks.figures import Figure, machine, plain, reset_peak_mb
from benchmarks.servers import kept_servers

if TYPE_CHECKING:
    from benchmarks.pages import Request

TARGET_MS = 120
CLOSED = 5_000
CLOSE_TARGET_S = 3.0
_ASKED = (
    ("all open", "view=open"),
    ("… by age", "view=open&order=fifo"),
    ("… mine", "view=mine"),
    ("… nobody's", "view=unassigned"),
    ("… due", "view=breaching"),
    ("… drafts to sign", "view=awaiting"),
    ("… waiting", "view=waiting"),
    ("… closed", "view=closed"),
    ("… everything", "view=all"),
    ("… team", "view=open&team=success"),
    ("… channel", "view=open&channel=twitter"),
    ("… a rare tag", "view=all&tag=rare"),
    ("… flagged", "view=all&is_flagged=true"),
    ("… a rare intent of a channel", "view=all&channel=twitter&intent=unsubscribe"),
    ("… closed, of one colleague", "view=closed&assignee=me"),
    ("… search: a word in every message", "q=order"),
    ("… search: a word in every tenth", "q=refund"),
    ("… search: two common words", "q=refund+price"),
    ("… search: a word of few", "q=order+12345"),
    ("… search: a name", "q=ada+name7"),
    ("… search: a note", "q=note770"),
    ("… search: a word of 45,000 notes", "q=seen"),
    ("… search without a hit", "q=zebraxq"),
    ("… search in open ones", "q=refund&view=open"),
)
#: Lists as other systems ask for them.
_READ = (
    "responses/inbox/", "responses/inbox/?is_flagged=true", "responses/conversations/",
    "responses/conversations/?view=all&channel=email",
    "responses/conversations/?order=fifo", "responses/conversations/?q=refund",
    "responses/inbox/?status=new", "responses/inbox/?status=in_progress", "responses/sla-alerts/",
)  # fmt: skip


def run(conversations: int, openings: int) -> list[Figure]:
    """Draw so many, open the lists, close 5,000 at once."""
    from benchmarks.inbox_rows import fill
    from benchmarks.pages import browser_of, figures_of, hosts
    from inbox.models import CustomerResponse

    watch = reset_peak_mb()
    workspace = fill(conversations, now=timezone.now())
    messages = CustomerResponse.objects.filter(workspace=workspace).count()
    with hosts():
        client = browser_of(workspace)
        figures = figures_of(
            client, _requests(client), openings,
            size=f"{conversations:,} conversations, {messages:,} messages",
            target_ms=TARGET_MS, peak=watch,
        )  # fmt: skip
    return [*figures, _closing(conversations)]


def _requests(client: Client) -> list[Request]:
    """The lists as the page asks for them, a page far down, the counts, one conversation."""
    from benchmarks.pages import Request

    lists = [
        Request(f"/inbox/: {name}" if not place else name, f"/inbox/?{query}", "", is_fragment=True)
        for place, (name, query) in enumerate(_ASKED)
    ]
    page = client.get("/inbox/?view=all").content.decode()
    cursor = page.partition("after=")[2].partition('"')[0].partition("&")[0]
    row = page.partition('data-row="')[2].partition('"')[0]
    more = [
        Request("… next page", f"/inbox/?view=all&after={cursor}", "", is_fragment=True),
        Request("… news with the counts", "/inbox/changes?since=-1", "", is_fragment=True),
        *(Request(f"GET {path}", f"/api/{path}", "") for path in _READ),
    ]
    if row:
        more.append(Request("… one conversation", f"/inbox/{row}/", "", is_fragment=True))
    return [*lists, *more]


def _closing(conversations: int) -> Figure:
    """Close as many as one act takes, and take it back with the transaction."""
    from inbox.models import Conversation
    from inbox.services import desk
    from workspaces.gate import Proposer
    from workspaces.models import User, Workspace

    workspace = Workspace.objects.get(slug="load-inbox")
    agent = User.objects.get(email=f"agent1@{workspace.slug}.example")
    count = min(CLOSED, conversations // 20)
    ids = Conversation.objects.filter(workspace=workspace, status="open").values_list("pk")
    rows = Conversation.objects.filter(pk__in=[pk for (pk,) in ids.order_by("pk")[:count]])
    with transaction.atomic():
        started = time.perf_counter()
        done = desk.close(
            rows=rows, workspace=workspace, by=Proposer.person(agent), now=timezone.now()
        )
        took_s = time.perf_counter() - started
        transaction.set_rollback(True)
    if len(done.changed) != count:
        raise RuntimeError(f"{len(done.changed)} of {count} were closed")
    return Figure(
        f"{count:,} conversations closed at once, with their story", took_s, "s",
        limit_name="s for one bare UPDATE of them", limit=_bare_s(count),
        target=f"≤ {CLOSE_TARGET_S:g} s", is_met=took_s <= CLOSE_TARGET_S,
    )  # fmt: skip


def _bare_s(count: int) -> float:
    """The limit: the same rows, one statement, nothing told."""
    with transaction.atomic(), connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(
            "UPDATE inbox_conversation SET status = 'closed', closed_at = now() WHERE id IN"
            " (SELECT id FROM inbox_conversation WHERE status = 'open' ORDER BY id LIMIT %s)",
            [count],
        )
        took_s = time.perf_counter() - started
        transaction.set_rollback(True)
    return took_s


def main() -> None:
    """Measure on what is kept; the first time it is drawn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inbox_page", description=__doc__)
    parser.add_argument("--conversations", type=int, default=450_000)
    parser.add_argument("--openings", type=int, default=40)
    options = parser.parse_args()
    where = machine()
    with kept_servers(f"inbox-{options.conversations}"):
        figures = run(options.conversations, options.openings)
    sys.stdout.write(f"{where}\n\n{plain(figures)}\n")


if __name__ == "__main__":
    main()
