"""What a page's token opens: the page, its Instagram account, posts, comments, messages."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from sandbox.context import Context, utc_text
from sandbox.entities import Account
from sandbox.meta import messaging
from sandbox.meta.errors import graph_error, invalid, unknown_object
from sandbox.meta.fields import Selection, parse_fields
from sandbox.meta.paging import page_of
from sandbox.social import items
from sandbox.social.items import Item
from sandbox.web import Answer, JsonObject

_POSTS = {"posts", "feed", "published_posts"}


def is_page(account: Account) -> bool:
    """Whether this is a page and no advertising account."""
    return bool(account.extra.get("page"))


def answer(context: Context, page: Account, parts: list[str], params: dict[str, str]) -> Answer:
    """Answer one call with a page's token.

    Raises
    ------
    Refusal : as Meta refuses
    """
    if not parts or len(parts) > 2:
        raise unknown_object("/".join(parts))
    node, edge = parts[0], parts[1] if len(parts) > 1 else ""
    instagram = str(page.extra.get("instagram_id", "-"))
    if node in ("me", page.id, instagram):
        is_instagram = node == instagram
        return Answer.json(_own(context, page, edge, params, is_instagram=is_instagram))
    for network, account_id in (("facebook", page.id), ("instagram", instagram)):
        found = items.find(context.store, network, node)
        if found and found.account_id == account_id and found.at <= context.now:
            return Answer.json(_item(context, page, found, edge, params))
    raise unknown_object(node)


def _own(
    context: Context, page: Account, edge: str, params: dict[str, str], *, is_instagram: bool
) -> JsonObject:
    """Answer for the page or its Instagram account."""
    if context.request.method == "POST":
        if edge == "messages":
            channel = "instagram" if is_instagram else messaging.channel_of(context, page, params)
            return messaging.send(context, page, channel, params)
        if edge == "subscribed_apps":
            return {"success": True}
        raise graph_error(100, f"Unsupported post request ({edge})")
    if not edge:
        shown = _instagram(context, page) if is_instagram else _page(page)
        return _looked_up(context, params) or _selected(
            shown, parse_fields(params.get("fields", ""))
        )
    if edge == "conversations":
        return page_of(context, messaging.conversation(context, page, params), params)
    network, account = ("instagram", _id_of(page)) if is_instagram else ("facebook", page.id)
    kinds = {"media": "post", "tags": "mention"} if is_instagram else dict.fromkeys(_POSTS, "post")
    if edge not in kinds:
        raise graph_error(100, f"Tried accessing nonexisting field ({edge})")
    since, until = _moment(params, "since", 0.0), _moment(params, "until", math.inf)
    found = items.listed(context.store, network, account, kinds[edge], context.now, since, until)
    return page_of(context, [_shown(context, item, params) for item in found], params)


def _id_of(page: Account) -> str:
    return str(page.extra.get("instagram_id", ""))


def _page(page: Account) -> JsonObject:
    shown: JsonObject = {"id": page.id, "name": page.name}
    shown["followers_count"] = shown["fan_count"] = page.extra.get("followers", 0)
    if _id_of(page):
        shown["instagram_business_account"] = {"id": _id_of(page)}
    return shown


def _instagram(context: Context, page: Account) -> JsonObject:
    posts = items.listed(context.store, "instagram", _id_of(page), "post", context.now)
    return {
        "id": _id_of(page),
        "username": page.extra.get("instagram_username", "sandbox"),
        "name": page.name,
        "followers_count": page.extra.get("instagram_followers", 0),
        "media_count": len(posts),
    }


def _looked_up(context: Context, params: dict[str, str]) -> JsonObject:
    """Answer `business_discovery.username(name){…}`: the public figures of another account."""
    found = re.search(r"business_discovery\.username\(([^)]*)\)", params.get("fields", ""))
    if found is None:
        return {}
    rows = context.store.query(
        "SELECT item_id FROM social_item WHERE network = 'instagram' AND kind = 'person'"
        " AND json_extract(content, '$.username') = ?",
        found[1],
    )
    known = items.person(context.store, "instagram", str(rows[0]["item_id"])) if rows else {}
    if not known.get("is_public"):  # private accounts are not shown
        raise graph_error(110, "Invalid user id", subcode=2207013)
    shown = {name: known.get(name) for name in ("username", "name", "followers_count")}
    return {"business_discovery": {"id": rows[0]["item_id"], "media_count": 1, **shown}}


def _item(
    context: Context, page: Account, item: Item, edge: str, params: dict[str, str]
) -> JsonObject:
    """Answer for a post or a comment."""
    if context.request.method == "DELETE":
        if edge or item.kind != "comment" or not item.content.get("is_own"):
            raise graph_error(100, "Unsupported delete request.")
        items.remove(context.store, item)
        return {"success": True}
    if context.request.method == "POST":
        wanted = "replies" if item.network == "instagram" else "comments"
        if edge != wanted or (item.network == "instagram" and item.kind != "comment"):
            raise graph_error(100, f"Unsupported post request ({edge})")
        text = params.get("message", "")
        return {"id": messaging.reply(context, page, item.network, item, text)}
    if edge in ("comments", "replies"):
        since = _moment(params, "since", 0.0)
        found = items.below(context.store, item.network, item.id, context.now, since)
        return page_of(context, [_shown(context, one, params) for one in found], params)
    if edge == "insights":
        rows = _insights(context, item, params.get("metric", "").split(","))
        return {"data": list(rows)}
    if edge:
        raise graph_error(100, f"Tried accessing nonexisting field ({edge})")
    return _shown(context, item, params)


# What is shown


def _shown(context: Context, item: Item, params: dict[str, str]) -> JsonObject:
    names = parse_fields(params.get("fields", "id"))
    if item.kind in ("post", "mention"):
        is_instagram = item.network == "instagram"
        whole = _media(context, item) if is_instagram else _post(context, item)
    else:
        whole = _comment(context, item)
    for name in names.fields:
        metrics = re.fullmatch(r"insights\.metric\(([^)]*)\)", name)
        if metrics:
            whole["insights"] = {"data": list(_insights(context, item, metrics[1].split(",")))}
    return _selected(whole, names)


def _selected(whole: JsonObject, names: Selection) -> JsonObject:
    """Return the fields asked for, and always the id; `name.limit(5)` asks for `name`."""
    wanted = {name.partition(".")[0].partition("(")[0].strip() for name in names.fields}
    return {name: value for name, value in whole.items() if name in wanted | {"id"}}


def _post(context: Context, item: Item) -> JsonObject:
    now = context.now
    likes = {"data": [], "summary": {"total_count": item.count("likes", now)}}
    comments = items.number_below(context.store, "facebook", item.id, now)
    return {
        "id": item.id,
        "message": item.text(),
        "created_time": utc_text(item.at),
        "permalink_url": f"https://www.facebook.com/{item.id}",
        "status_type": item.text("type"),
        "shares": {"count": item.count("shares", now)},
        "likes": likes,
        "reactions": likes,
        "comments": {"data": [], "summary": {"total_count": comments}},
        "from": {"id": item.author or item.account_id},
    }


def _media(context: Context, item: Item) -> JsonObject:
    now, kind = context.now, item.text("type")
    author = items.person(context.store, "instagram", item.author)
    return {
        "id": item.id,
        "caption": item.text(),
        "media_type": "VIDEO" if kind == "REELS" else kind,
        "media_product_type": "REELS" if kind == "REELS" else "FEED",
        "timestamp": utc_text(item.at),
        "permalink": f"https://www.instagram.com/p/{item.id}/",
        "like_count": item.count("likes", now),
        "comments_count": items.number_below(context.store, "instagram", item.id, now),
        "username": author.get("username", item.text("username")),
    }


def _comment(context: Context, item: Item) -> JsonObject:
    known = items.person(context.store, item.network, item.author)
    likes, replies = item.count("likes", context.now), items.below(
        context.store, item.network, item.id, context.now
    )  # fmt: skip
    if item.network == "facebook":
        return {
            "id": item.id,
            "message": item.text(),
            "created_time": utc_text(item.at),
            "from": {"id": item.author, "name": known.get("name", "Page")},
            "like_count": likes,
            "comment_count": len(replies),
            "parent": {"id": item.parent},
        }
    return {
        "id": item.id,
        "text": item.text(),
        "timestamp": utc_text(item.at),
        "username": known.get("username", "sandbox"),
        "from": {"id": item.author, "username": known.get("username", "sandbox")},
        "like_count": likes,
        "parent_id": item.parent,
        "replies": {"data": [{"id": one.id, "text": one.text()} for one in replies]},
    }


_METRICS = {
    "reach": "reach",
    "views": "views",
    "saved": "saves",
    "shares": "shares",
    "likes": "likes",
    "post_impressions": "views",
    "post_impressions_unique": "reach",
    "post_clicks": "clicks",
    "post_reactions_like_total": "likes",
}


def _insights(context: Context, item: Item, metrics: list[str]) -> list[JsonObject]:
    """Write the figures of a post.

    Raises
    ------
    Refusal : a metric that there is not
    """
    rows = []
    for metric in filter(None, (name.strip() for name in metrics)):
        if metric == "comments":
            value = items.number_below(context.store, item.network, item.id, context.now)
        elif metric == "total_interactions":
            value = sum(item.count(name, context.now) for name in ("likes", "shares", "saves"))
            value += items.number_below(context.store, item.network, item.id, context.now)
        elif metric in _METRICS:
            value = item.count(_METRICS[metric], context.now)
        else:
            raise invalid("metric", f"{metric} is no metric of this object.")
        row: JsonObject = {"name": metric, "period": "lifetime", "title": metric}
        rows.append(row | {"values": [{"value": value}], "id": f"{item.id}/insights/{metric}"})
    return rows


def _moment(params: dict[str, str], name: str, default: float) -> float:
    """Read unix seconds or a date."""
    text = params.get(name, "")
    if not text:
        return default
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(name, f"{name} must be a time.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
