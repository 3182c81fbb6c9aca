"""The part of the control surface that fills the social networks and tells what is true there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime

from sandbox.context import utc_text
from sandbox.entities import Account
from sandbox.meta import hooks
from sandbox.social import items, world
from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.web import JsonObject, Request
from sandbox.webhooks import webhook_secret

PAGE, INSTAGRAM, ORGANIZATION = "660011002200", "17841466001100", "88001100"
TIKTOK_USER, X_USER = "ptd-fitness-open-id", "1466001100"
_TRUTH = "social_truth"


class SocialError(ValueError):
    """A control call that cannot be carried out; the message says why."""


def _accounts() -> list[Account]:
    """Return the accounts that the world is on; Instagram goes with its page."""
    followers = {name: figures[0] for name, figures in world.NETWORKS.items()}
    page: JsonObject = {
        "page": True,
        "instagram_id": INSTAGRAM,
        "instagram_username": "ptd.fitness",
        "followers": followers["facebook"],
        "instagram_followers": followers["instagram"],
    }
    told: tuple[tuple[str, str, JsonObject], ...] = (
        ("meta", PAGE, page),
        ("linkedin", ORGANIZATION, {"is_organization": True, "followers": followers["linkedin"]}),
        ("tiktok", TIKTOK_USER, {"is_creator": True, "followers": followers["tiktok"]}),
        ("x", X_USER, {"username": "ptdfitness", "followers": followers["x"]}),
    )
    return [
        Account(
            platform=platform,  # type: ignore[arg-type]  # four of the platforms
            id=account_id,
            name="PTD Fitness",
            currency="USD",
            timezone=world.ZONE,
            token=f"sandbox-{platform}-social-ptd-fitness",
            extra=extra,
        )
        for platform, account_id, extra in told
    ]


#: Network → (account, beginning of its ids).
_OF = {
    "facebook": (PAGE, f"{PAGE}_1"),
    "instagram": (INSTAGRAM, "1790"),
    "tiktok": (TIKTOK_USER, "7350"),
    "linkedin": (ORGANIZATION, "7270"),
    "x": (X_USER, "1850"),
}


def _seed(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"world": "ptd_fitness", "today"?, "skip_present"?}`: pages, posts, comments, people."""
    body = request.json()
    if body.get("world") != "ptd_fitness":
        raise SocialError('world is "ptd_fitness"')
    accounts = _accounts()
    is_there = store.account("meta", PAGE) is not None
    if not (body.get("skip_present") and is_there):
        today = date.fromisoformat(str(body.get("today") or utc_text(store.now(), "%Y-%m-%d")))
        for account in accounts:
            store.add_account(account)
        truth = [row for name in _OF for row in _fill(store, accounts[0], name, today)]
        store.set_setting(_TRUTH, json.dumps(truth))
    return {
        "accounts": [
            {"platform": account.platform, "id": account.id, "token": account.token}
            | ({"webhook_secret": webhook_secret(account)} if account.id == PAGE else {})
            for account in accounts
        ],
        "instagram_id": INSTAGRAM,
    }


def _fill(store: Store, page: Account, name: str, today: date) -> list[JsonObject]:
    """Store one network; comments that are still to come are told by webhook at their time."""
    account_id, prefix = _OF[name]
    items.forget(store, name, account_id)
    made = world.network(name, today, store.seed, prefix)
    now = store.now()
    for one in made.items:
        items.add(
            store, name, account_id, one.kind, one.id,
            at=one.at, author=one.author, parent=one.parent, content=one.content,
        )  # fmt: skip
        is_told = one.kind in ("comment", "mention") and name in ("facebook", "instagram")
        if is_told and one.at > now:
            found = items.find(store, name, one.id)
            assert found is not None  # noqa: S101  # put in just now
            hooks.tell_of(store, page, found, one.parent)
    advocates: list[JsonObject] = [
        {"network": name, "person": person, "is_advocate": True} for person in made.advocates
    ]
    return [*made.truth, *advocates]


def _truth(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """Who converts after which comment, who is an advocate, and what the factors are."""
    rows = json.loads(store.setting(_TRUTH, "[]"))
    return {
        "converters": [row for row in rows if "converted_at" in row],
        "advocates": [row for row in rows if row.get("is_advocate")],
        "subjects": dict(world.SUBJECTS),
        "forms": {name: dict(forms) for name, forms in world.FORMS.items()},
        "hours": {str(hour): factor for hour, factor in world.HOURS.items()},
        "converts": dict(world.CONVERTS),
    }


_KINDS = ("post", "comment", "mention", "person")
_OWN = ("network", "account", "kind", "id", "at", "author", "parent")


def _put(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"network", "account", "kind", "id", "at"?, "author"?, "parent"?, …}`: one item by hand.

    What else is given is its content: `text`, `type`, `likes`, `shares`, `saves`, `reach`,
    `views`, `clicks` of a post; `username`, `name`, `followers_count`, `is_public`, `accepts_dm`
    of a person.
    """
    body = request.json()
    network, kind = str(body.get("network", "")), str(body.get("kind", ""))
    if network not in world.NETWORKS or kind not in _KINDS:
        names = ", ".join(world.NETWORKS)
        raise SocialError(f"network is one of {names}; kind one of {', '.join(_KINDS)}")
    if not body.get("id"):
        raise SocialError("id is missing")
    at = datetime.fromisoformat(str(body["at"])).timestamp() if "at" in body else store.now()
    items.add(
        store, network, str(body.get("account", "")), kind, str(body["id"]), at=at,
        author=str(body.get("author", "")), parent=str(body.get("parent", "")),
        content={name: body[name] for name in body if name not in _OWN},
    )  # fmt: skip
    return {"id": body["id"]}


ACTIONS: dict[tuple[str, str], Callable[[Store, Traffic, Request], JsonObject]] = {
    ("POST", "social/seed"): _seed,
    ("POST", "social/item"): _put,
    ("GET", "social/truth"): _truth,
}
