"""What a person is told of a message before it is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outreach.engine.lint import Message, contrast, lint

WORDS = "The new lamps are here, made by hand of oak and glass, and they ship from today on. " * 2
GOOD = Message(
    channel="email",
    subject="New lamps, made by hand",
    text=f"{WORDS} Unsubscribe: https://shop.example/u/1  Lamp Ltd, 1 Oak Street, Vienna",
    html=(
        f'<html lang="en"><body style="color:#222"><h1>Lamps</h1><h2>Oak</h2><p>{WORDS}</p>'
        '<img src="https://shop.example/l.png" alt="A lamp of oak" width="300">'
        '<a href="https://shop.example/lamps">See the lamps</a>'
        "<p>Lamp Ltd<br>1 Oak Street, Vienna</p>"
        '<a href="https://shop.example/u/1">Unsubscribe</a>'
        '<img src="https://shop.example/o" width="1" height="1" alt=""></body></html>'
    ),
    postal_address="Lamp Ltd, 1 Oak Street, Vienna",
    unsubscribe_url="https://shop.example/u/1",
)
SMS = Message(channel="sms", text="New lamps: https://shop.example/l Reply STOP to end")


def _rules(message: Message) -> list[tuple[str, str]]:
    return [(finding.severity, finding.rule) for finding in lint(message)]


def test_a_good_mail_and_a_good_text_pass() -> None:
    assert lint(GOOD) == []
    assert lint(SMS) == []


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("", ("error", "subject-missing")),
        ("Lamps that go on and on and nobody sees the end " * 2, ("warning", "subject-long")),
        ("HUGE SALE OF LAMPS", ("warning", "subject-shouting")),
        ("Lamps!!!", ("warning", "subject-marks")),
        ("Now! Lamps!", ("warning", "subject-marks")),
        ("Re: your lamp", ("error", "subject-false-reply")),
        ("Lamps for {{ first_name }}", ("error", "left-over")),
        ("Act now: lamps", ("warning", "spam-words")),
    ],
)  # fmt: skip
def test_subjects(subject: str, found: tuple[str, str]) -> None:
    assert _rules(replace(GOOD, subject=subject)) == [found]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (' alt="A lamp of oak"', "", ("error", "alt")),
        ('<html lang="en">', "<html>", ("warning", "language")),
        ('<html lang="en">', '<html lang="und">', ("warning", "language")),
        ("<h2>Oak</h2>", "<h3>Oak</h3>", ("hint", "headings")),
        ("See the lamps", "Click here!", ("warning", "link-words")),
        ("See the lamps", "", ("error", "link-empty")),
        ("See the lamps", "https://bank.example/login", ("error", "link-deceives")),
        ("https://shop.example/lamps", "http://shop.example/lamps", ("warning", "link-http")),
        ("https://shop.example/lamps", "https://bit.ly/3xY", ("warning", "link-shortener")),
        ("<h1>", "<script>1</script><h1>", ("error", "tag")),
        ("<h1>", "<form></form><h1>", ("error", "tag")),
        ("color:#222", "color:#999", ("warning", "contrast")),
        ("color:#222", "color:#222;background-color:#444", ("warning", "contrast")),
        ("<h1>Lamps", "<h1>*|FNAME|*", ("error", "left-over")),
        ("<h1>", "<!-- {{ x }} --><style>a{{}}</style><h1>", None),
        ("</body>", f"<p>{'word ' * 21_000}</p></body>", ("warning", "clipped")),
        (WORDS, WORDS.upper(), ("warning", "shouting")),
    ],
)
def test_pages(old: str, new: str, found: tuple[str, str] | None) -> None:
    message = replace(GOOD, html=GOOD.html.replace(old, new, 1))

    assert _rules(message) == ([found] if found else [])


def test_marketing_mail_has_a_way_out_and_an_address() -> None:
    without = replace(
        GOOD,
        html='<html lang="en"><p>' + WORDS + "</p></html>",
        text=WORDS,
        postal_address="",
    )

    assert _rules(without) == [("error", "unsubscribe"), ("error", "postal-address")]
    assert _rules(replace(without, is_marketing=False)) == []


def test_the_address_is_looked_for_in_both_parts() -> None:
    page = GOOD.html.replace("Lamp Ltd<br>1 Oak Street, Vienna", "Lamp Ltd")

    assert _rules(replace(GOOD, html=page)) == []
    assert _rules(replace(GOOD, html=page, text="Lamps")) == [("error", "postal-address")]


def test_pictures_alone_are_not_enough() -> None:
    page = '<html lang="en"><img src="https://shop.example/all.png" alt="Sale"></html>'
    message = replace(GOOD, html=page, is_marketing=False)

    assert _rules(message) == [("warning", "image-only")]


def test_a_mail_has_a_text_part() -> None:
    assert _rules(replace(GOOD, text=" ")) == [("error", "text-part")]
    assert ("error", "empty") in _rules(replace(GOOD, text="", html=""))


@pytest.mark.parametrize(
    ("channel", "length", "is_long"),
    [
        ("instagram", 1_000, False), ("instagram", 1_001, True), ("facebook", 2_000, False),
        ("facebook", 2_001, True), ("whatsapp", 1_025, True), ("sms", 1_601, True),
    ],
)  # fmt: skip
def test_channels_have_their_length(channel: str, length: int, is_long: bool) -> None:
    message = Message(channel=channel, text="a" * length, is_marketing=False)

    assert (("error", "too-long") in _rules(message)) is is_long


def test_text_messages() -> None:
    assert _rules(replace(SMS, text="New lamps")) == [("error", "unsubscribe")]
    assert _rules(replace(SMS, text="")) == [("error", "empty"), ("error", "unsubscribe")]
    assert _rules(replace(SMS, text="a" * 480 + " STOP")) == [("warning", "segments")]
    assert _rules(replace(SMS, text="ş" + "a" * 70 + " STOP")) == [("warning", "ucs2")]
    long_link = "a" * 140 + " https://shop.example/lamps STOP"
    assert _rules(replace(SMS, text=long_link)) == [("hint", "link-broken")]
    assert _rules(replace(SMS, text="http://bit.ly/x STOP")) == [
        ("warning", "link-shortener"), ("warning", "link-http"),
    ]  # fmt: skip


def test_findings_say_where_and_what_to_do() -> None:
    found = lint(replace(GOOD, html=GOOD.html.replace(' alt="A lamp of oak"', "")))[0]

    assert found.place == "html: https://shop.example/l.png"
    assert found.advice == 'Describe the picture in alt, or write alt="" where it only decorates.'


def test_errors_come_first() -> None:
    message = replace(
        GOOD, subject="LAMPS LAMPS!!!", html=GOOD.html.replace(' lang="en"', ""), text=""
    )

    assert [rule[0] for rule in _rules(message)] == ["error", "warning", "warning", "warning"]


@pytest.mark.parametrize(
    ("colour", "background", "ratio"),
    [
        ("#000", "#fff", 21.0),
        ("#777777", "white", 4.478),
        ("rgb(255, 0, 0)", "#FFFFFF", 3.998),
        ("var(--x)", "#fff", None),
        ("rgb(1,2)", "#fff", None),
    ],
)
def test_contrast(colour: str, background: str, ratio: float | None) -> None:
    assert contrast(colour, background) == (
        None if ratio is None else pytest.approx(ratio, abs=1e-3)
    )
