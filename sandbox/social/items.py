"""Posts, comments, mentions and people of the social networks, in one form for all of them."""

from __future__ import annotations

import json
import math
import sqlite3
from dataclasses import dataclass

from sandbox.store import Store
from sandbox.web import JsonObject, as_object

#: Engagement comes within hours: two thirds of it in the first eighteen.
GROWS_IN_S = 18 * 3600
COUNTS = ("likes", "shares", "saves", "reach", "views", "clicks")


@dataclass(frozen=True, slots=True)
class Item:
    """A post, comment or mention; a person is an item too, so that they can be looked up."""

    row: int
    at: float
    network: str
    account_id: str
    kind: str
    id: str
    #: The post of a comment, the comment of a reply.
    parent: str
    author: str
    content: JsonObject

    def count(self, name: str, now: float) -> int:
        """Return one of the counts as far as it has grown."""
        total = self.content.get(name, 0)
        share = 1 - math.exp(-max(now - self.at, 0) / GROWS_IN_S)
        return int(share * total) if isinstance(total, int) else 0

    def text(self, name: str = "text") -> str:
        """Return one of the texts."""
        return str(self.content.get(name, ""))


def add(
    store: Store, network: str, account_id: str, kind: str, item_id: str, *, at: float,
    author: str = "", parent: str = "", content: JsonObject,
) -> None:  # fmt: skip
    """Put an item in, in place of one with the same id."""
    store.execute(
        "INSERT OR REPLACE INTO social_item VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(at, network, account_id, kind, item_id, parent, author, json.dumps(content)),
    )


def find(store: Store, network: str, item_id: str) -> Item | None:
    """Return one item, or nothing."""
    rows = store.query(
        "SELECT * FROM social_item WHERE network = ? AND item_id = ?", network, item_id
    )
    return _item(rows[0]) if rows else None


def listed(
    store: Store, network: str, account_id: str, kind: str, now: float, since: float = 0.0,
    until: float = math.inf,
) -> list[Item]:  # fmt: skip
    """Return what an account has of a kind, newest first, nothing of what is to come."""
    rows = store.query(
        "SELECT * FROM social_item WHERE network = ? AND account_id = ? AND kind = ?"
        " AND at >= ? AND at <= ? ORDER BY at DESC, id DESC",
        *(network, account_id, kind, since, min(now, until)),
    )
    return [_item(row) for row in rows]


def below(store: Store, network: str, parent: str, now: float, since: float = 0.0) -> list[Item]:
    """Return the comments of a post, or the replies to a comment, newest first."""
    rows = store.query(
        "SELECT * FROM social_item WHERE network = ? AND parent = ? AND kind = 'comment'"
        " AND at >= ? AND at <= ? ORDER BY at DESC, id DESC",
        *(network, parent, since, now),
    )
    return [_item(row) for row in rows]


def number_below(store: Store, network: str, parent: str, now: float) -> int:
    """Count the comments of a post, or the replies to a comment."""
    rows = store.query(
        "SELECT count(*) AS n FROM social_item WHERE network = ? AND parent = ?"
        " AND kind = 'comment' AND at <= ?",
        *(network, parent, now),
    )
    return int(rows[0]["n"])


def person(store: Store, network: str, person_id: str) -> JsonObject:
    """Return what is public of a person; {} for somebody nobody knows."""
    found = find(store, network, person_id)
    return found.content if found and found.kind == "person" else {}


def remove(store: Store, item: Item) -> None:
    """Take one item away."""
    store.execute("DELETE FROM social_item WHERE id = ?", item.row)


def forget(store: Store, network: str, account_id: str) -> None:
    """Remove all that an account has."""
    store.execute(
        "DELETE FROM social_item WHERE network = ? AND account_id = ?", network, account_id
    )


def _item(row: sqlite3.Row) -> Item:
    return Item(
        row["id"], row["at"], row["network"], row["account_id"], row["kind"],
        row["item_id"], row["parent"], row["author"], as_object(json.loads(row["content"])),
    )  # fmt: skip
