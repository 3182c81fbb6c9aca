"""Mails as they come: a corpus with all that is read of it, limits, and nonsense."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.engine.mail import LIMITS, MailError, OwnMarks, read_mail
from tests.inbox.engine.mail.told import MAILS, told

EXPECTED = json.loads((MAILS / "expected.json").read_text())
RAW = {path.stem: path.read_bytes() for path in sorted(MAILS.glob("*.eml"))}
HEAD = b"From: Mara <mara@example.com>\r\nSubject: x\r\n"


def test_the_corpus_has_an_expectation_for_each_mail() -> None:
    assert list(RAW) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_reads_a_mail_of_the_corpus(name: str) -> None:
    assert told(read_mail(RAW[name])) == EXPECTED[name]


def test_a_mail_without_an_id_is_named_by_its_bytes() -> None:
    mail = read_mail(HEAD + b"\r\nHi")

    assert mail.external_id == f"sha256:{mail.digest}"
    assert read_mail(HEAD + b"\r\nHi").external_id == mail.external_id
    assert read_mail(HEAD + b"\r\nHo").external_id != mail.external_id


def test_answers_go_where_the_sender_wants_them() -> None:
    assert read_mail(RAW["split_words"]).reply_address == "other@example.com"
    assert read_mail(RAW["plain"]).reply_address == "mara@example.com"


@pytest.mark.parametrize(
    ("own", "because"),
    [
        (OwnMarks(), ""),
        (OwnMarks(loop_values=frozenset({"workspace-8"})), ""),
        (OwnMarks(loop_values=frozenset({"workspace-7"})), "It carries our X-Countersign-Loop"),
        (OwnMarks(message_ids=frozenset({"loop@example.com"})), "Its Message-ID is one of ours"),
        (OwnMarks(addresses=frozenset({"mara@example.com"})), "It comes from our own address"),
    ],
)
def test_knows_its_own_mails(own: OwnMarks, because: str) -> None:
    assert read_mail(RAW["loop_header"], own=own).loop_because == because


def test_a_mail_over_too_many_servers_is_a_loop() -> None:
    hops = b"Received: from a by b; Mon, 16 Nov 2026 09:30:00 +0000\r\n"

    assert not read_mail(hops * 50 + HEAD + b"\r\nx").is_loop
    assert read_mail(hops * 51 + HEAD + b"\r\nx").loop_because == "It went over 51 servers"


@pytest.mark.parametrize(
    ("header", "because"),
    [
        ("Auto-Submitted: no", ""),
        ("Auto-Submitted: auto-generated (x)", "Auto-Submitted: auto-generated (x)"),
        ("Precedence: Auto_Reply", "Precedence: auto_reply"),
        ("Precedence: first-class", ""),
        ("X-Autoreply: yes", "X-Autoreply is set"),
        ("List-Unsubscribe: <https://x.example>", "List-Unsubscribe: a list sent it"),
        (
            "X-Auto-Response-Suppress: DR, OOF",
            "X-Auto-Response-Suppress: it wants no automatic answers",
        ),
        ("X-Auto-Response-Suppress: None", ""),
        ("Return-Path: <>", "Return-Path is empty"),
        ("Return-Path: <mara@example.com>", ""),
    ],
)
def test_tells_automatic_mails_by_their_headers(header: str, because: str) -> None:
    mail = read_mail(header.encode() + b"\r\n" + HEAD + b"\r\nx")

    assert mail.automatic_because == because


@pytest.mark.parametrize(
    ("subject", "is_automatic"),
    [
        ("Automatic reply: Your offer", True),
        ("Out of office", True),
        ("Réponse automatique : votre offre", True),
        ("Automatische Antwort: Angebot", True),
        ("Autosvar: hej", True),
        ("Automatic doors: question", False),
        ("Automobile insurance", False),
        ("Question on out of office hours", False),
    ],
)
def test_tells_automatic_mails_by_their_subject(subject: str, *, is_automatic: bool) -> None:
    raw = f"From: mara@example.com\r\nSubject: {subject}\r\n\r\nx".encode()

    assert read_mail(raw).is_auto_reply is is_automatic


def test_a_person_is_no_machine() -> None:
    raw = b"From: noreen@example.com\r\nSubject: Hi\r\n\r\nx"

    assert not read_mail(raw).is_auto_reply
    assert read_mail(raw.replace(b"noreen", b"no-reply")).is_auto_reply


# Limits


def test_refuses_what_is_too_large() -> None:
    with pytest.raises(MailError, match="larger than 40 MB"):
        read_mail(HEAD + b"\r\n" + b"x" * LIMITS.size)


def test_refuses_a_header_without_end() -> None:
    with pytest.raises(MailError, match="header is larger than 256 KB"):
        read_mail(HEAD + b"X: y\r\n" * 50_000)


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"no header at all", b"\x00\xff" * 100])
def test_refuses_what_is_no_mail(raw: bytes) -> None:
    with pytest.raises(MailError, match="it has no header"):
        read_mail(raw)


def test_refuses_more_parts_than_anybody_sends() -> None:
    head = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"

    with pytest.raises(MailError, match="too many parts"):
        read_mail(head + b"--b\r\n\r\n" * 20_001)
    few = read_mail(head + b"--b\r\n\r\nx\r\n" * 600)
    assert few.problems == ("It has more than 500 parts; the rest was not read.",)


def nested(depth: int) -> bytes:
    raw = HEAD
    for level in range(depth):
        raw += f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n".encode()
    return raw + b"Content-Type: text/plain\r\n\r\ndeep"


def test_reads_parts_to_a_depth() -> None:
    assert read_mail(nested(12)).body.text == "deep"

    mail = read_mail(nested(13))
    assert (mail.body.text, mail.problems) == (
        "",
        ("Parts nested deeper than 12 were not read.",),
    )
    with pytest.raises(MailError, match="too many parts within parts"):
        read_mail(nested(201))


def test_a_mail_within_mails_within_mails_is_one_file() -> None:
    raw = HEAD + b"Content-Type: message/rfc822\r\n\r\n" + HEAD * 1 + b"\r\nInner"

    mail = read_mail(raw)

    assert [one.content_type for one in mail.attachments] == ["message/rfc822"]
    assert mail.attachments[0].content.endswith(b"Inner")


def test_long_texts_are_cut_and_said_to_be() -> None:
    few = replace(LIMITS, text_length=20, html_length=33)

    mail = read_mail(HEAD + b"\r\n" + b"word " * 10, limits=few)
    assert (mail.body.text, mail.problems) == (
        "word word word word ",
        ("Its text is very long; the end was cut off.",),
    )
    page = read_mail(HEAD + b"Content-Type: text/html\r\n\r\n<p>Hi" + b"<br>" * 10, limits=few)
    assert (page.body.text, page.problems) == (
        "Hi",
        ("Its HTML is very long; the end was cut off.",),
    )


def test_long_headers_are_cut() -> None:
    many = b", ".join(b"p%d@example.com" % n for n in range(5_000))

    mail = read_mail(
        b"To: " + many + b"\r\nReferences: " + b"<a@b> " * 9 + b"\r\n" + HEAD + b"\r\n"
    )

    assert len(mail.to) == 200
    assert mail.references == ("a@b",)


def test_a_file_over_the_limit_comes_without_its_content() -> None:
    raw = HEAD + b"Content-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-" + b"x" * 100

    (one,) = read_mail(raw, limits=replace(LIMITS, attachment_size=100)).attachments

    assert (one.size, one.content) == (105, b"")
    assert one.held_because == "The file is larger than 0 MB."


# Nonsense

TEXT = st.sampled_from(
    ["multipart/mixed; boundary=b", "multipart/alternative; boundary=b", "text/html", "text/plain",
     "text/plain; charset=punycode", "text/html; charset=utf-16", "message/rfc822",
     "message/delivery-status", "multipart/report; report-type=delivery-status; boundary=b",
     "text/plain; charset*=x''%FF%", "application/octet-stream; name*0=a; name*2=b", "\"", "/"]
)  # fmt: skip
ENCODINGS = st.sampled_from(["base64", "quoted-printable", "x-uuencode", "8bit", "=?", ""])
JUNK = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"\r\n--b\r\n", b"--b--\r\n", b"=\r\n", b"begin 644 a\r\n", b"\r\n\r\n",
                     b"Content-Type: message/rfc822\r\n\r\n", b"<p><a href='", b"On 1 wrote:\r\n>",
                     b"=?utf-8?b?", b"?=", b"(((", b"\"", b"From: ", b"To: a@b.c\r\n"]),
)  # fmt: skip


@given(kind=TEXT, encoding=ENCODINGS, junk=st.lists(JUNK, max_size=12), at=st.integers(0, 4))
@settings(max_examples=120, deadline=None)
def test_nonsense_is_a_mail_or_refused(
    kind: str, encoding: str, junk: list[bytes], at: int
) -> None:
    lines = [b"From: a@b.c\r\n", f"Content-Type: {kind}\r\n".encode(),
             f"Content-Transfer-Encoding: {encoding}\r\n".encode(), b"\r\n", b""]  # fmt: skip
    lines[at] += b"".join(junk)

    check(b"".join(lines))


def test_damaged_mails_are_read_or_refused() -> None:
    rng = random.Random(7)
    for raw in RAW.values():
        for _ in range(3):
            damaged = bytearray(raw)
            for _ in range(rng.randrange(1, 12)):
                place = rng.randrange(len(damaged))
                damaged[place : place + rng.randrange(3)] = rng.randbytes(rng.randrange(4))
            check(bytes(damaged))


def check(raw: bytes) -> None:
    try:
        mail = read_mail(raw)
    except MailError:
        return
    shown = json.dumps(told(mail), ensure_ascii=False)
    assert "\x00" not in shown
    shown.encode()  # no half characters, which no database takes
