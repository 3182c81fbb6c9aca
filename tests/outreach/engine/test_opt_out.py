"""What a message asks for: words, phrases, and what only looks like them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.opt_out import MAX_TEXT, Wish, plain, wish_of
from outreach.engine.opt_out_words import HELP_WORDS, START_WORDS, STOP_WORDS

WORDS = [
    "STOP",
    "stop",
    "Stop!",
    "  stop  ",
    '"STOP"',
    "S.T.O.P.",
    "s t o p",
    "ST\u200bOP",
    "\uff33\uff34\uff2f\uff30",  # full width
    "stooop",
    "STOP ALL",
    "stopall",
    "Opt-Out",
    "OPT OUT",
    "opt_out",
    "Quit",
    "END.",
    "Revoke",
    "cancel",
    "UNSUBSCRIBE",
    "un-subscribe",
    "Arrêt",
    "ARRET",
    "ARRETEZ!",
    "Stopp",
    "PARE",
    "¡Alto!",
    "baja",
    "Sair",
    "退订",
    "配信停止",
    "стоп",
    "Отписка",
    "수신거부",
    "הסר",
    "توقف",
    "रोकें",
    "ยกเลิก",
    "Stop 🛑",
    "stop please",
    "Please stop",
    "Stop, thanks",
    "OK stop",
]
PHRASES = [
    "stop texting me",
    "Please take me off your list",
    "unsubscribe me",
    "St\u200bop",
    "ARRETEZ",
    "alto",
    "END",
    "quit",
    "no more texts please",
    "do not contact me again",
    "dont text me anymore",
    "Don’t call me again",
    "remove my number",
    "lose my number",
    "I want to unsubscribe",
    "how do I unsubscribe?",
    "how can i opt out of these",
    "please stop sending me messages",
    "Could you please stop emailing me",
    "Stop the spam",
    "I no longer want to receive your newsletter",
    "I don't want any more emails",
    "dont want to hear from you",
    "Not interested. STOP",
    "STOP - wrong number",
    "I already replied STOP",
    "I revoke my consent",
    "leave me alone",
    "take me off this list now",
    "Get me off your mailing list",
    "delete me from your database",
    "please do not message me",
    "cancel my text subscription",
    "Stop messaging this number",
    "bitte keine SMS mehr",
    "Melden Sie mich bitte ab",
    "arrêtez de m'envoyer des messages",
    "ne m'envoyez plus de SMS",
    "No me envíen más mensajes",
    "quiero darme de baja",
    "pare de me enviar mensagens",
    "não quero mais receber",
    "smettetela... smettete di mandarmi sms",
    "geen berichten meer",
    "Schrijf me uit",
    "when will you stop texting me?!",
    "why don't you stop texting me",
    "unsubscribe from this list please",
    "UNSUBSCRIBE ME FROM ALL LISTS",
    "I said stop texting me you idiots",
    "no more emails",
    "i never signed up for this",
    "stop it",
    "You keep sending me messages. Stop.",
    "stop, unsubscribe",
]
NOTHING = [
    "please don't stop",
    "stop by our store",
    "can't stop smiling",
    "I can't stop wearing it",
    "Please don't stop sending me these",
    "never stop texting me",
    "when does it end?",
    "I want to cancel my order",
    "please cancel my booking",
    "don't forget to call me",
    "Don't call me before noon",
    "Don't text me while I'm driving",
    "Is there a bus stop near you?",
    "bus stop updates",
    "stop texting while driving",
    "start with the red one",
    "help me choose",
    "Can you help me?",
    "I don't want to unsubscribe",
    "why was I unsubscribed",
    "Reply STOP to opt out",
    "Text STOP to unsubscribe",
    "What happens if I text STOP?",
    "remove me from the waiting list",
    "at the end of your message it says 20%",
    "I don't want to miss your messages",
    "I will stop in tomorrow",
    "Stop by at 5, ok?",
    "full stop",
    "did you stop sending the newsletter",
    "yes",
    "no",
    "Yes please",
    "sign me up",
    "I quit my job to do this",
    "the end",
    "red",
    "non-stop fun",
    "I never get your emails",
    "where do I end up",
    "love it, can't stop",
    "please never stop these offers",
    "I hope you don't take me off your list",
    "click here if you want to unsubscribe",
    "I'd hate it if you stop sending me offers",
    "The unsubscribe link does not work",
    "I don't get the messages any more",
    "👍",
    "🛑",
    "Don't lose my number",
    "I don't want to lose my number",
    "cancel that, I want the blue one",
    "delete my old address and use the new one",
    "STOP BY OUR STORE TODAY!",
    "won't stop talking about it",
    "",
    "   ",
    "?!",
    "> STOP\nThanks, that is great",
    "To stop texts reply STOP",
]


@pytest.mark.parametrize("text", WORDS)
def test_a_word_is_an_opt_out_however_it_is_written(text: str) -> None:
    wish = wish_of(text)

    assert (wish.action, wish.by, wish.is_executed) == ("opt_out", "word", True)


@pytest.mark.parametrize("text", PHRASES)
def test_a_phrase_is_an_opt_out(text: str) -> None:
    wish = wish_of(text)

    assert (wish.action, wish.is_executed) == ("opt_out", True)


@pytest.mark.parametrize("text", NOTHING)
def test_what_only_looks_like_one_asks_for_nothing(text: str) -> None:
    assert wish_of(text) == Wish("none")


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("START", "opt_in"),
        ("unstop", "opt_in"),
        ("Un-stop.", "opt_in"),
        ("subscribe please", "opt_in"),
        ("HELP", "help"),
        ("Info?", "help"),
        ("Hilfe!", "help"),
        ("帮助", "help"),
        ("YES", "none"),
        ("start now with the blue one", "none"),
        ("help me choose", "none"),
    ],
)
def test_start_and_help_are_whole_messages(text: str, action: str) -> None:
    assert wish_of(text).action == action


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("STOP", "channel"),
        ("STOP ALL", "all"),
        ("unsubscribe me", "channel"),
        ("unsubscribe me from all lists", "all"),
        ("remove my number", "all"),
        ("I withdraw my consent", "all"),
        ("stop contacting me on every channel", "all"),
    ],
)
def test_the_words_say_whether_one_channel_or_all_are_meant(text: str, scope: str) -> None:
    assert wish_of(text).scope == scope


@pytest.mark.parametrize(
    "text", ["Stop! You make me blush", "I don't like getting messages", "stop. who is this"]
)
def test_what_is_not_sure_waits_for_a_person(text: str) -> None:
    wish = wish_of(text)

    assert (wish.action, wish.confidence, wish.is_executed) == ("opt_out", 0.65, False)


def test_what_was_seen_is_told() -> None:
    assert wish_of("Could you please STOP texting me?") == Wish(
        "opt_out", 0.98, "stop texting me", "phrase", "channel"
    )
    assert wish_of("Optout, please") == Wish("opt_out", 0.98, "optout", "word", "channel")


def test_only_the_first_characters_are_read() -> None:
    assert wish_of(("ha " * MAX_TEXT) + "stop texting me").action == "none"


@given(
    word=st.sampled_from(sorted(STOP_WORDS)),
    before=st.text(alphabet=" .!?\t\n*-_\"'«»…🛑", max_size=4),
    after=st.text(alphabet=" .!?\t\n*-_\"'«»…🛑", max_size=4),
    form=st.sampled_from(["NFC", "NFD", "NFKC"]),
    is_upper=st.booleans(),
)
def test_case_punctuation_and_form_change_nothing(
    word: str, before: str, after: str, form: str, is_upper: bool
) -> None:
    written = unicodedata.normalize(form, word.upper() if is_upper else word)

    wish = wish_of(before + written + after)

    assert (wish.action, wish.confidence) == ("opt_out", 1.0)


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    wish = wish_of(text)

    assert 0 <= wish.confidence <= 1
    assert (wish.action == "none") is (wish.matched == "") is (wish.by == "")


@given(st.text(max_size=80))
def test_plain_text_is_letters_digits_and_single_spaces(text: str) -> None:
    found = plain(text)

    assert all(char == " " or unicodedata.category(char)[0] in "LMN" for char in found)
    assert found == " ".join(found.split())


def test_no_word_means_two_things() -> None:
    assert not STOP_WORDS & START_WORDS
    assert not STOP_WORDS & HELP_WORDS
    assert not START_WORDS & HELP_WORDS
