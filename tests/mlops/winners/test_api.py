"""Winners over REST: through a real worker, and without one."""

from __future__ import annotations

import pytest

from mlops.models import Winner
from tests.api.conftest import key_client
from tests.campaigns.factories import AdFactory
from tests.mlops.winners.steps import COATS, SHOES, ad_saying, did_well, directions

ADD, FIND = "/api/ml/rag/add-winner", "/api/ml/rag/find-similar"


@pytest.fixture
def client(workspace):
    return key_client(workspace, ["ml:read", "ml:write"])


def post(client, path, **body):
    return client.post(path, body, format="json")


def test_texts_are_added_and_found_by_a_worker(infer_worker, workspace, other_workspace, client):
    shoes, coats = ad_saying(workspace, SHOES), ad_saying(workspace, COATS)
    foreign = ad_saying(other_workspace, SHOES)
    did_well(shoes)

    added = post(client, ADD, ad_id=shoes.external_id, metadata={"roas": 9.5, "theme": "rain"})
    assert (added.status_code, added.json()) == (
        201, {"status": "added", "ad_id": shoes.external_id, "total_winners": 1},
    )  # fmt: skip
    again = post(client, ADD, ad_id=str(shoes.public_id), metadata={"roas": 9.5, "theme": "rain"})
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")
    assert post(client, ADD, ad_id=coats.external_id, text=COATS).json()["total_winners"] == 2
    rival = key_client(other_workspace, ["ml:read", "ml:write"])
    assert post(rival, ADD, ad_id=foreign.external_id).json()["total_winners"] == 1

    answer = post(client, FIND, text=f"{SHOES}\nformat: image", min_similarity=0.5).json()
    (match,) = answer["matches"]
    assert (match["ad_id"], match["external_id"]) == (str(shoes.public_id), shoes.external_id)
    assert (round(match["similarity"], 4), match["is_near_duplicate"]) == (1.0, True)
    # What we know ourselves stands above what was said.
    assert (match["metadata"]["roas"], match["metadata"]["theme"]) == (4.0, "rain")
    assert (answer["embedder"], answer["compared"]) == ("hashed-tfidf-1", 2)
    few = post(client, FIND, text=SHOES, min_similarity=-1, filters={"min_roas": 5}).json()
    assert few["matches"] == []


def test_vectors_are_compared_with_those_of_their_embedder_only(infer_worker, workspace, client):
    one, other = AdFactory.create_batch(2, ad_set__campaign__account__workspace=workspace)
    vectors = directions(12).tolist()

    assert post(client, ADD, ad_id=one.external_id, embedding=vectors[0]).status_code == 201
    body = {"ad_id": other.external_id, "embedding": vectors[10], "embedder": "ours"}
    assert post(client, ADD, **body).status_code == 201

    longer = [5 * value for value in vectors[10]]
    found = post(client, FIND, embedding=longer).json()["matches"]
    assert [match["external_id"] for match in found] == [one.external_id]
    found = post(client, FIND, embedding=vectors[10], embedder="ours").json()["matches"]
    assert [match["is_near_duplicate"] for match in found] == [True]


def test_without_a_worker_the_answer_says_when_to_ask_again(nobody_answers, workspace, client):
    ad = ad_saying(workspace, SHOES)
    answer = post(client, ADD, ad_id=ad.external_id)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "No model answered" in answer.json()["detail"]
    assert Winner.objects.count() == 0


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (ADD, {}, "ad_id"),
        (ADD, {"ad_id": "nobody's"}, "ad_id"),
        (ADD, {"embedding": [1.0]}, "embedding"),
        (ADD, {"embedding": [0.0] * 384}, "embedding"),
        (ADD, {"embedding": ["1"] * 384}, "embedding"),
        (ADD, {"embedding": [[1.0] * 384]}, "embedding"),
        (ADD, {"embedding": [1.0] * 384, "text": "both"}, "text"),
        (ADD, {"text": "a", "embedder": "whose"}, "embedder"),
        (ADD, {"text": "  "}, "text"),
        (ADD, {}, "text"),  # the ad itself says nothing
        (ADD, {"text": "a", "metadata": {"ctr": "high"}}, "metadata.ctr"),
        (ADD, {"text": "a", "metadata": {"roas": -1}}, "metadata.roas"),
        (ADD, {"text": "a", "metadata": {"clicks": 2, "impressions": 1}}, "metadata.clicks"),
        (ADD, {"text": "a", "metadata": {"more": {"deep": 1}}}, "metadata.more"),
        (FIND, {}, "text"),
        (FIND, {"text": "a", "k": 0}, "k"),
        (FIND, {"text": "a", "min_similarity": 2}, "min_similarity"),
        (FIND, {"text": "a", "filters": {"min_ctr": 7}}, "filters.min_ctr"),
        (FIND, {"text": "a", "filters": {"colour": "red"}}, "filters.colour"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(nobody_answers, workspace, client, path, body, field):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace)
    if path == ADD and field != "ad_id":
        body = {"ad_id": ad.external_id, **body}

    answer = post(client, path, **body)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert Winner.objects.count() == 0


def test_ads_of_others_and_scopes_that_lack_are_refused(workspace, other_workspace, client):
    foreign = ad_saying(other_workspace, SHOES)

    assert post(client, ADD, ad_id=str(foreign.public_id), text="a").status_code == 400
    reader = key_client(workspace, ["ml:read"])
    assert post(reader, ADD, ad_id="1", text="a").status_code == 403
    assert post(key_client(workspace, ["ml:write"]), FIND, text="a").status_code == 403


def test_stats_tell_what_is_held(workspace, other_workspace, client, now, fresh_process):
    from mlops.services.winners.indexes import save_index
    from tests.mlops.winners.steps import winner_with

    for vector in directions(2):
        winner_with(workspace, vector, now)
    winner_with(other_workspace, directions(1)[0], now)
    save_index(workspace=workspace, embedder="given", now=now)

    stats = client.get("/api/ml/rag/stats").json()

    assert (stats["total_winners"], stats["by_source"], stats["version"]) == (2, {"added": 2}, 2)
    (own,) = stats["embedders"]
    assert (own["embedder"], own["winners"], own["index"]) == ("given", 2, "exact")
    assert (stats["similar_from"], stats["near_duplicate_from"]) == (0.7, 0.95)
