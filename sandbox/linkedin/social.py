"""What LinkedIn lets an organisation read of itself: posts, their figures, comments, likes.

There is nothing to write: its terms forbid messages that a program sends.
"""

from __future__ import annotations

from sandbox.context import Context
from sandbox.entities import Account
from sandbox.linkedin.errors import bad_query, fail
from sandbox.social import items
from sandbox.social.items import Item
from sandbox.web import Answer, JsonObject, as_list

NODES = ("posts", "socialActions", "organizationalEntityShareStatistics")
POST_URN, MAX_PAGE = "urn:li:share:", 100


def answer(
    context: Context, accounts: list[Account], parts: list[str], query: JsonObject
) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as LinkedIn refuses
    """
    account = next((one for one in accounts if one.extra.get("is_organization")), None)
    if account is None:
        raise fail(403, "ACCESS_DENIED", "Not enough permissions to access the organization", 100)
    match parts:
        case ["posts"]:
            _check_owner(account, str(query.get("author", "")))
            every = items.listed(context.store, "linkedin", account.id, "post", context.now)
            return _cut(query, [_post(account, item) for item in every])
        case ["organizationalEntityShareStatistics"]:
            _check_owner(account, str(query.get("organizationalEntity", "")))
            return _statistics(context, account, query)
        case ["socialActions", urn]:
            return Answer.json(_summary(context, _of(context, account, urn)))
        case ["socialActions", urn, "comments"]:
            post = _of(context, account, urn)
            found = items.below(context.store, "linkedin", post.id, context.now)
            return _cut(query, [_comment(urn, item) for item in found])
        case ["socialActions", urn, "likes"]:
            return _cut(query, _likes(context, urn, _of(context, account, urn)))
    raise fail(404, "RESOURCE_NOT_FOUND", f"No virtual resource found: {context.request.path}")


def _check_owner(account: Account, urn: str) -> None:
    if urn != f"urn:li:organization:{account.id}":
        raise fail(403, "ACCESS_DENIED", f"Not enough permissions to access: {urn}", 100)


def _of(context: Context, account: Account, urn: str) -> Item:
    found = items.find(context.store, "linkedin", urn.removeprefix(POST_URN))
    if found is None or found.account_id != account.id or found.at > context.now:
        raise fail(404, "RESOURCE_NOT_FOUND", f"Could not find entity {urn}")
    return found


def _cut(query: JsonObject, rows: list[JsonObject]) -> Answer:
    try:
        start, count = int(str(query.get("start", 0))), int(str(query.get("count", 10)))
    except ValueError:
        raise bad_query("start and count are numbers") from None
    if not 0 < count <= MAX_PAGE:
        raise bad_query(f"count must lie between 1 and {MAX_PAGE}")
    paging = {"start": start, "count": count, "links": [], "total": len(rows)}
    return Answer.json({"paging": paging, "elements": rows[start : start + count]})


def _post(account: Account, item: Item) -> JsonObject:
    stamp = round(1000 * item.at)
    shown: JsonObject = {
        "id": f"{POST_URN}{item.id}",
        "author": f"urn:li:organization:{account.id}",
        "commentary": item.text(),
        "visibility": "PUBLIC",
        "lifecycleState": "PUBLISHED",
        "createdAt": stamp,
        "publishedAt": stamp,
        "lastModifiedAt": stamp,
        "isReshareDisabledByAuthor": False,
    }
    form = item.text("type")
    if form == "ARTICLE":
        shown["content"] = {"article": {"title": item.text(), "source": "https://ptd.example/"}}
    elif form == "IMAGE":
        shown["content"] = {"media": {"id": f"urn:li:image:{item.id}"}}
    return shown


def _statistics(context: Context, account: Account, query: JsonObject) -> Answer:
    wanted = {str(urn) for urn in as_list(query.get("shares"))}
    every = items.listed(context.store, "linkedin", account.id, "post", context.now)
    rows = [
        _figures(context, item) for item in every if not wanted or f"{POST_URN}{item.id}" in wanted
    ]
    paging = {"start": 0, "count": len(rows), "links": []}
    return Answer.json({"paging": paging, "elements": rows})


def _figures(context: Context, item: Item) -> JsonObject:
    now = context.now
    reach, likes = item.count("reach", now), item.count("likes", now)
    clicks, shares = item.count("clicks", now), item.count("shares", now)
    comments = items.number_below(context.store, "linkedin", item.id, now)
    engaged = likes + clicks + shares + comments
    return {
        "share": f"{POST_URN}{item.id}",
        "organizationalEntity": f"urn:li:organization:{item.account_id}",
        "totalShareStatistics": {
            "impressionCount": item.count("views", now),
            "uniqueImpressionsCount": reach,
            "clickCount": clicks,
            "likeCount": likes,
            "commentCount": comments,
            "shareCount": shares,
            "engagement": round(engaged / max(item.count("views", now), 1), 6),
        },
    }


def _summary(context: Context, item: Item) -> JsonObject:
    comments = items.number_below(context.store, "linkedin", item.id, context.now)
    return {
        "likesSummary": {"totalLikes": item.count("likes", context.now)},
        "commentsSummary": {
            "totalFirstLevelComments": comments,
            "aggregatedTotalComments": comments,
        },
        "target": f"{POST_URN}{item.id}",
    }


def _comment(urn: str, item: Item) -> JsonObject:
    stamp = round(1000 * item.at)
    return {
        "id": item.id,
        "actor": f"urn:li:person:{item.author}",
        "object": urn,
        "message": {"text": item.text()},
        "created": {"time": stamp, "actor": f"urn:li:person:{item.author}"},
        "commentUrn": f"urn:li:comment:({urn},{item.id})",
    }


def _likes(context: Context, urn: str, item: Item) -> list[JsonObject]:
    stamp = round(1000 * item.at)
    return [
        {
            "actor": f"urn:li:person:liker{number:05d}",
            "object": urn,
            "created": {"time": stamp + 60_000 * number},
        }
        for number in range(item.count("likes", context.now))
    ]
