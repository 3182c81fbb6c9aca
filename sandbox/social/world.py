"""Social traffic of the world `ptd_fitness`, with a known truth.

Sixty days of posts on five networks and two weeks that are still to come. What a post gets depends
on its subject, its form and its hour by the factors below; who comments with interest becomes a
client in `CONVERTS` of the cases, others hardly ever. A few people comment on almost everything
and mean it: the advocates.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.web import JsonObject

ZONE = "America/New_York"
HISTORY_DAYS, AHEAD_DAYS = 60, 14
#: Engagement of a subject, a form and an hour against the usual one.
SUBJECTS = {
    "client story": 1.6, "question": 1.2, "coach tip": 1.0, "behind the scenes": 0.9, "offer": 0.6,
}  # fmt: skip
FORMS: dict[str, dict[str, float]] = {
    "instagram": {"REELS": 1.4, "CAROUSEL_ALBUM": 1.1, "IMAGE": 0.8},
    "facebook": {"added_video": 1.2, "added_photos": 1.0, "mobile_status_update": 0.7},
    "tiktok": {"VIDEO": 1.0},
    "linkedin": {"ARTICLE": 1.1, "IMAGE": 1.0, "NONE": 0.8},
    "x": {"TWEET": 1.0},
}
HOURS = {7: 1.0, 12: 0.9, 16: 0.8, 19: 1.3}
#: Followers, days between posts, share of the followers reached, engagement of those reached.
NETWORKS = {
    "instagram": (18_400, 1.5, 0.22, 0.055),
    "facebook": (12_100, 2.0, 0.12, 0.030),
    "tiktok": (9_300, 2.0, 0.60, 0.070),
    "linkedin": (3_200, 4.0, 0.25, 0.035),
    "x": (2_700, 2.0, 0.20, 0.020),
}
COMMENTS_PER_REACHED = 0.0035
INTENTS = {"interested": 0.18, "praise": 0.42, "question": 0.22, "negative": 0.10, "spam": 0.08}
CONVERTS = {"interested": 0.15}
CONVERTS_OTHERWISE = 0.005
SALE_VALUE = 15_000
PEOPLE, ADVOCATES = 120, 3
#: Networks on which people name the company in posts of their own, and how often in all.
MENTIONS, MENTIONS_IN_ALL = ("instagram", "x"), 14
ADVOCATE_COMMENTS = 0.6
TEXTS = {
    "interested": [
        "How much is it?", "Interested!", "Tell me more please", "Can I get the link?",
        "Do you still have spots in January?", "Interested, how does it work?",
    ],
    "praise": [
        "Love this", "So helpful, thank you!", "This is great, Lena is the best coach",
        "Week 6 and I have never felt better", "Amazing work",
    ],
    "question": [
        "Is this okay with a bad knee?", "How often should I do it?", "Which app is that?",
        "Do you coach in Canada too?",
    ],
    "negative": [
        "Too expensive for what it is", "Still waiting for an answer to my mail",
        "Did not work for me", "Looks like every other program",
    ],
    "spam": ["Check my page for 10k followers", "Earn from home, write me"],
}  # fmt: skip
CAPTIONS = {
    "client story": "Mark, 47, two kids, three flights a week: twelve weeks later. #clientstory",
    "question": "What stops you from training before work? #askus",
    "coach tip": "Fix your squat in thirty seconds. #coachtip",
    "behind the scenes": "How we plan a week for a client who travels. #behindthescenes",
    "offer": "Five free assessments this week. #offer",
}


@dataclass(frozen=True, slots=True)
class Made:
    """One item of the world, before it is stored."""

    kind: str
    id: str
    at: float
    author: str
    parent: str
    content: JsonObject


@dataclass(frozen=True, slots=True)
class Network:
    """All of one network: its items, and what is true of it."""

    items: list[Made]
    truth: list[JsonObject]
    advocates: list[str]


def network(name: str, today: date, seed: int, prefix: str) -> Network:
    """Make one network's sixty days and two weeks; `prefix` begins every id."""
    # S311: chance for tests, not for secrets.
    rng = random.Random(f"{seed}:social:{name}")  # noqa: S311
    people = _people(name, rng, prefix)
    made = Network([person for person, _ in people], [], [p.id for p, is_fan in people if is_fan])
    _, every_days, _, _ = NETWORKS[name]
    begun = datetime.combine(today - timedelta(days=HISTORY_DAYS), time(), ZoneInfo(ZONE))
    number = int((HISTORY_DAYS + AHEAD_DAYS) / every_days)
    for place in range(number):
        day = begun + timedelta(days=int(place * every_days))
        post = _post(name, rng, day, f"{prefix}{place + 1:04d}")
        made.items.append(post)
        _comments(name, rng, made, post, people)
    if name in MENTIONS:
        _mentions(rng, made, begun.timestamp(), people, prefix)
    return made


def _people(name: str, rng: random.Random, prefix: str) -> list[tuple[Made, bool]]:
    people = []
    for number in range(PEOPLE):
        first = ("mara", "noor", "alex", "sam", "kim", "jo", "lee", "ana")[number % 8]
        username = f"{first}.{name[:2]}{number:03d}"
        content: JsonObject = {
            "username": username,
            "name": first.capitalize(),
            "followers_count": int(rng.lognormvariate(5.8, 1.2)),
            "is_public": rng.random() < 0.8,
            "accepts_dm": rng.random() < 0.6,
            "email": f"{username}@example.com",
        }
        person = Made("person", f"{prefix}9{number:04d}", 0.0, "", "", content)
        people.append((person, number < ADVOCATES))
    return people


def _post(name: str, rng: random.Random, day: datetime, item_id: str) -> Made:
    followers, _, reached, engaged = NETWORKS[name]
    subject, form = rng.choice(list(SUBJECTS)), rng.choice(list(FORMS[name]))
    hour = rng.choice(list(HOURS))
    factor = SUBJECTS[subject] * FORMS[name][form] * HOURS[hour]
    reach = int(followers * reached * FORMS[name][form] * rng.lognormvariate(0, 0.2))
    # Two digits of chance around what the factors say.
    engagement = reach * engaged * factor * rng.lognormvariate(0, 0.15)
    at = day.replace(hour=hour, minute=rng.randrange(60)).astimezone(UTC).timestamp()
    content: JsonObject = {
        "text": CAPTIONS[subject],
        "type": form,
        "subject": subject,
        "username": "ptd.fitness",
        "reach": reach,
        "views": int(reach * 1.4),
        "likes": int(0.82 * engagement),
        "shares": int(0.06 * engagement),
        "saves": int(0.12 * engagement),
        "clicks": int(0.05 * engagement),
    }
    return Made("post", item_id, at, "", "", content)


def _comments(
    name: str, rng: random.Random, made: Network, post: Made, people: list[tuple[Made, bool]]
) -> None:
    reach, subject = int(str(post.content["reach"])), str(post.content["subject"])
    expected = reach * COMMENTS_PER_REACHED * SUBJECTS[subject]
    others = [person for person, is_fan in people if not is_fan]
    writers = [(rng.choice(others), "") for _ in range(_poisson(rng, expected))]
    fans = [person for person, is_fan in people if is_fan]
    writers += [(fan, "praise") for fan in fans if rng.random() < ADVOCATE_COMMENTS]
    for number, (person, given) in enumerate(writers):
        intent = given or rng.choices(list(INTENTS), list(INTENTS.values()))[0]
        at = post.at + rng.expovariate(1 / (10 * 3600))
        content: JsonObject = {
            "text": rng.choice(TEXTS[intent]),
            "intent": intent,
            "likes": int(rng.expovariate(0.5)),
        }
        comment = Made("comment", f"{post.id}{number:03d}", at, person.id, post.id, content)
        made.items.append(comment)
        if not given and rng.random() < CONVERTS.get(intent, CONVERTS_OTHERWISE):
            made.truth.append(_sale(name, rng, person, comment))


def _mentions(
    rng: random.Random, made: Network, begun: float, people: list[tuple[Made, bool]], prefix: str
) -> None:
    fans = [person for person, is_fan in people if is_fan]
    span = (HISTORY_DAYS + AHEAD_DAYS) * 86_400
    for number in range(MENTIONS_IN_ALL):
        # Every other one by an advocate.
        person = rng.choice(fans) if number % 2 else rng.choice(people)[0]
        content: JsonObject = {
            "text": "Week after week with @ptd.fitness",
            "type": "IMAGE",
            "likes": int(rng.expovariate(1 / 30)),
        }
        at = begun + span * (number + rng.random()) / MENTIONS_IN_ALL
        mention = Made("mention", f"{prefix}8{number:04d}", at, person.id, "", content)
        made.items.append(mention)


def _sale(name: str, rng: random.Random, person: Made, comment: Made) -> JsonObject:
    return {
        "network": name,
        "person": person.id,
        "username": person.content["username"],
        "email": person.content["email"],
        "comment": comment.id,
        "intent": comment.content["intent"],
        "commented_at": comment.at,
        "converted_at": comment.at + rng.uniform(1, 14) * 86_400,
        "value": SALE_VALUE,
    }


def _poisson(rng: random.Random, mean: float) -> int:
    """Count events of a mean rate (Knuth)."""
    limit, number, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        number, product = number + 1, product * rng.random()
    return number
