"""Posts, figures and comments of five networks, and the truth that lies behind them."""

from __future__ import annotations

from statistics import mean

import httpx
import jsonschema
import pytest

from tests.sandbox.conftest import Box
from tests.sandbox.test_meta_messaging import WORLD_INSTAGRAM, WORLD_PAGE, WorldPage

ORGANIZATION = "urn:li:organization:88001100"
COUNT = {"type": "integer", "minimum": 0}
TEXT, STAMP = {"type": "string"}, {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT.*\+0000$"}


@pytest.fixture
def world(box: Box) -> WorldPage:
    return WorldPage(box)


def every(world: WorldPage, path: str, **params: object) -> list[dict]:
    """Follow the pages of a list."""
    rows: list[dict] = []
    after: dict = {}
    while True:
        page = world.read(path, limit=20, **params, **after)
        rows += page["data"]
        if "next" not in page.get("paging", {}):
            return rows
        after = {"after": page["paging"]["cursors"]["after"]}


def call(world: WorldPage, method: str, path: str, platform: str, **more: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer sandbox-{platform}-social-ptd-fitness"}
    versions = {"LinkedIn-Version": "202606", "X-Restli-Protocol-Version": "2.0.0"}
    headers |= versions if platform == "linkedin" else {}
    return world.box.http.request(method, path, headers=headers, **more)


def test_the_world_is_the_same_for_the_same_seed(world: WorldPage) -> None:
    first = world.box.get("social/truth")
    world.box.control("social/seed", {"world": "ptd_fitness"})
    again = world.box.get("social/truth")
    world.box.control("seed", {"seed": 8, "world": "ptd_fitness"})
    world.box.control("social/seed", {"world": "ptd_fitness"})

    assert first == again
    assert world.box.get("social/truth") != first


def test_facebook_posts_have_what_a_sync_needs(world: WorldPage) -> None:
    fields = (
        "id,message,created_time,status_type,shares,likes.summary(true),comments.summary(true),"
        "insights.metric(post_impressions_unique,post_clicks)"
    )
    rows = every(world, f"{WORLD_PAGE}/posts", fields=fields)

    assert len(rows) == 30
    total = {"type": "object", "required": ["summary"]}
    for row in rows:
        properties = {"id": TEXT, "message": TEXT, "created_time": STAMP, "status_type": TEXT}
        properties |= {"shares": {"type": "object"}, "likes": total, "comments": total}
        properties["insights"] = {"type": "object", "required": ["data"]}
        schema = {"type": "object", "required": list(properties), "properties": properties}
        jsonschema.validate(row, schema | {"additionalProperties": False})
    assert rows == sorted(rows, key=lambda row: row["created_time"], reverse=True)


def test_instagram_media_have_what_a_sync_needs(world: WorldPage) -> None:
    fields = "id,caption,media_type,media_product_type,timestamp,like_count,comments_count"
    rows = every(world, f"{WORLD_INSTAGRAM}/media", fields=fields)
    metrics = "reach,saved,shares,likes,comments,total_interactions,views"
    figures = world.read(f"{rows[5]['id']}/insights", metric=metrics)["data"]

    assert len(rows) == 40
    assert {row["media_type"] for row in rows} == {"VIDEO", "CAROUSEL_ALBUM", "IMAGE"}
    values = {row["name"]: row["values"][0]["value"] for row in figures}
    assert list(values) == metrics.split(",")
    assert values["likes"] == rows[5]["like_count"]
    parts = ("saved", "shares", "likes", "comments")
    assert values["total_interactions"] == sum(values[name] for name in parts)


def test_a_sync_can_go_on_where_it_was(world: WorldPage) -> None:
    rows = every(world, f"{WORLD_INSTAGRAM}/media", fields="id,timestamp")
    since = rows[3]["timestamp"].replace("+0000", "+00:00")

    newer = every(world, f"{WORLD_INSTAGRAM}/media", fields="id", since=since)

    assert [row["id"] for row in newer] == [row["id"] for row in rows[:4]]


def test_comments_name_people_whose_figures_are_public(world: WorldPage) -> None:
    posts = every(world, f"{WORLD_INSTAGRAM}/media", fields="id")
    fields = "id,text,timestamp,from,username"
    (first, *_) = [
        row for post in posts for row in every(world, f"{post['id']}/comments", fields=fields)
    ]

    asked = f"business_discovery.username({first['username']}){{followers_count}}"
    known = world.read(WORLD_INSTAGRAM, fields=asked)

    assert first["from"]["username"] == first["username"]
    found = known.get("business_discovery", {"id": first["from"]["id"]})
    assert found["id"] == first["from"]["id"]
    assert world.read(WORLD_INSTAGRAM, fields="business_discovery.username(nobody)")["error"]


def test_engagement_grows_and_comments_come_later(world: WorldPage) -> None:
    post = world.post_ids("instagram")[0]
    fields = "like_count,comments_count"
    before = world.read(post, fields=fields)
    world.box.control("clock", {"advance_s": 5 * 86_400})
    after = world.read(post, fields=fields)

    assert after["like_count"] > before["like_count"]
    assert after["comments_count"] >= before["comments_count"]
    since = "2026-11-21T12:00:01+00:00"
    newer = world.read(f"{WORLD_INSTAGRAM}/media", fields="id", since=since)["data"]
    assert len(newer) == 4  # on days 60, 61, 63 and 64 of the world


def test_instagram_shows_who_names_the_company(world: WorldPage) -> None:
    rows = every(world, f"{WORLD_INSTAGRAM}/tags", fields="id,caption,username,timestamp")

    assert 10 <= len(rows) <= 12  # of fourteen in 74 days, sixty are over
    assert all("@ptd.fitness" in row["caption"] for row in rows)
    known = {row["username"] for row in rows}
    assert len(known) > 2


def test_what_is_still_to_come_is_told_by_webhook(world: WorldPage) -> None:
    asked = {"platform": "meta", "account": WORLD_PAGE, "url": "https://x.example/"}

    now = world.box.control("meta/deliver", asked)["calls"]
    later = world.box.control("meta/deliver", {**asked, "ahead_s": 3 * 86_400})["calls"]

    assert now == []
    assert len(later) > 3


def test_interest_becomes_clients_as_often_as_stated(world: WorldPage) -> None:
    truth = world.box.get("social/truth")
    wanted = {"interested", "praise", "question", "negative", "spam"}

    assert {row["intent"] for row in truth["converters"]} <= wanted
    assert len([row for row in truth["advocates"] if row["network"] == "instagram"]) == 3
    assert all(row["converted_at"] > row["commented_at"] for row in truth["converters"])
    interested = [row for row in truth["converters"] if row["intent"] == "interested"]
    assert len(interested) > len(truth["converters"]) / 2


def test_client_stories_do_better_than_offers(world: WorldPage) -> None:
    fields = "caption,like_count,insights.metric(reach)"
    rows = every(world, f"{WORLD_INSTAGRAM}/media", fields=fields)
    rates: dict[str, list[float]] = {}
    for row in rows[4:]:
        reach = row["insights"]["data"][0]["values"][0]["value"]
        rates.setdefault(row["caption"].rpartition("#")[2], []).append(row["like_count"] / reach)

    assert mean(rates["clientstory"]) > 1.6 * mean(rates["offer"])


# LinkedIn


def test_linkedin_shows_posts_figures_comments_and_likes(world: WorldPage) -> None:
    owner = f"author={ORGANIZATION.replace(':', '%3A')}"
    posts = call(world, "GET", f"/rest/posts?q=author&{owner}&count=50", "linkedin").json()
    urn = posts["elements"][4]["id"]
    coded = urn.replace(":", "%3A")
    entity = f"organizationalEntity={ORGANIZATION.replace(':', '%3A')}"
    finder = f"q=organizationalEntity&{entity}&shares=List({coded})"
    path = f"/rest/organizationalEntityShareStatistics?{finder}"
    (figures,) = call(world, "GET", path, "linkedin").json()["elements"]
    summary = call(world, "GET", f"/rest/socialActions/{coded}", "linkedin").json()
    comments = call(world, "GET", f"/rest/socialActions/{coded}/comments", "linkedin").json()
    likes = call(world, "GET", f"/rest/socialActions/{coded}/likes?count=100", "linkedin").json()

    assert posts["paging"]["total"] == len(posts["elements"]) == 15
    counts = figures["totalShareStatistics"]
    assert counts["likeCount"] == summary["likesSummary"]["totalLikes"] == likes["paging"]["total"]
    assert counts["commentCount"] == comments["paging"]["total"]
    assert all(row["actor"].startswith("urn:li:person:") for row in comments["elements"])


def test_linkedin_takes_no_message_and_shows_no_stranger(world: WorldPage) -> None:
    sent = call(world, "POST", "/rest/messages", "linkedin", json={"text": "Hi"})
    stranger = call(
        world, "GET", "/rest/posts?q=author&author=urn%3Ali%3Aorganization%3A1", "linkedin"
    )

    assert (sent.status_code, stranger.status_code) == (404, 403)


# TikTok


def test_tiktok_lists_videos_by_cursor(world: WorldPage) -> None:
    fields = "id,title,create_time,like_count,comment_count,share_count,view_count"
    path, body, rows = f"/v2/video/list/?fields={fields}", {"max_count": 20}, []
    while True:
        data = call(world, "POST", path, "tiktok", json=body).json()["data"]
        rows += data["videos"]
        if not data["has_more"]:
            break
        body["cursor"] = data["cursor"]

    assert len({row["id"] for row in rows}) == len(rows) == 30
    assert set(rows[0]) == set(fields.split(","))
    user = call(world, "GET", "/v2/user/info/?fields=follower_count", "tiktok").json()
    assert user["data"]["user"] == {"follower_count": 9_300}
    refused = world.box.http.post(path, json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "access_token_invalid")


# X


def test_x_shows_posts_and_who_answers(world: WorldPage) -> None:
    asked = "max_results=100&expansions=author_id&tweet.fields=public_metrics"
    posts = call(world, "GET", f"/2/users/1466001100/tweets?{asked}", "x").json()
    mentions = call(world, "GET", f"/2/users/1466001100/mentions?{asked}", "x").json()
    week = call(world, "GET", "/2/tweets/search/recent?query=@ptdfitness&max_results=100", "x")
    one = mentions["data"][0]["conversation_id"]
    of_one = call(
        world, "GET", f"/2/tweets/search/recent?query=conversation_id:{one}&max_results=100", "x"
    ).json()

    assert posts["meta"]["result_count"] == 30
    assert {row["author_id"] for row in posts["data"]} == {"1466001100"}
    known = {user["id"] for user in mentions["includes"]["users"]}
    assert {row["author_id"] for row in mentions["data"]} == known
    assert 0 < week.json()["meta"]["result_count"] < mentions["meta"]["result_count"]
    assert {row["conversation_id"] for row in of_one["data"]} == {one}


def test_x_sends_where_the_person_allows_it(world: WorldPage) -> None:
    people = {
        row["author_id"]
        for row in call(world, "GET", "/2/users/1466001100/mentions?max_results=100", "x").json()[
            "data"
        ]
    }
    answers = {
        person: call(
            world, "POST", f"/2/dm_conversations/with/{person}/messages", "x", json={"text": "Hi"}
        )
        for person in sorted(people)
    }

    statuses = {answer.status_code for answer in answers.values()}
    assert statuses == {201, 403}
    person, sent = next((p, a) for p, a in answers.items() if a.status_code == 201)
    assert set(sent.json()["data"]) == {"dm_conversation_id", "dm_event_id"}
    assert sent.headers["x-rate-limit-limit"] == "200"
    seen = call(world, "GET", f"/2/dm_conversations/with/{person}/dm_events", "x").json()
    assert [row["id"] for row in seen["data"]] == [sent.json()["data"]["dm_event_id"]]
    refused = next(answer for answer in answers.values() if answer.status_code == 403)
    assert refused.json()["title"] == "Forbidden"


def test_x_limits_messages_and_tells_until_when(world: WorldPage) -> None:
    mentions = call(world, "GET", "/2/users/1466001100/mentions?max_results=100", "x").json()
    rows = world.box.get("messages?platform=x")["messages"]
    assert rows == []
    statuses: list[int] = []
    for row in mentions["data"] * 20:
        path = f"/2/dm_conversations/with/{row['author_id']}/messages"
        answer = call(world, "POST", path, "x", json={"text": "Hi"})
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            break

    assert statuses.count(201) == 200
    assert answer.headers["x-rate-limit-remaining"] == "0"
    world.box.control("clock", {"advance_s": 901})
    assert call(world, "POST", path, "x", json={"text": "Hi"}).status_code in (201, 403)


def test_single_items_are_put_in_by_hand(box: Box) -> None:
    box.seed({"platform": "x", "id": "77", "token": "x-token"})
    person = {"network": "x", "kind": "person", "id": "5", "username": "mara", "name": "Mara"}
    box.control("social/item", {**person, "accepts_dm": True})
    post = {"network": "x", "account": "77", "kind": "post", "id": "6", "text": "Hello"}
    box.control("social/item", {**post, "at": "2026-11-18T12:00:00+00:00", "likes": 100})
    headers = {"Authorization": "Bearer x-token"}

    sent = box.http.post(
        "/2/dm_conversations/with/5/messages", json={"text": "Hi"}, headers=headers
    )
    (shown,) = box.http.get("/2/users/77/tweets", headers=headers).json()["data"]
    wrong = box.http.post("/_sandbox/social/item", json={**post, "network": "y"})

    assert sent.status_code == 201
    assert (shown["text"], shown["public_metrics"]["like_count"]) == ("Hello", 98)
    assert wrong.status_code == 400


# Slack


def test_slack_takes_alerts(box: Box) -> None:
    box.seed({"platform": "slack", "id": "alerts", "token": "T1/B1/secret"})

    sent = box.http.post("/services/T1/B1/secret", json={"text": "Paused"})
    empty = box.http.post("/services/T1/B1/secret", json={})
    unknown = box.http.post("/services/T1/B1/other", json={"text": "x"})

    assert (sent.status_code, sent.text) == (200, "ok")
    assert (empty.status_code, unknown.status_code) == (400, 404)
    assert [row["text"] for row in box.get("messages?platform=slack")["messages"]] == ["Paused"]
