"""What was newly written, apart from quotes and signatures."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.engine.mail.decoding import decoded, words_decoded
from inbox.engine.mail.plain_text import unflowed
from inbox.engine.mail.quotes import Split, split_text

NEW = "Yes, please."


@pytest.mark.parametrize(
    "opening",
    [
        "On Mon, Nov 16, 2026 at 9:12 AM, Shop <help@shop.example> wrote:",
        "On 16 Nov 2026, at 09:12,\nShop <help@shop.example>\nwrote:",
        "Am 16.11.2026 um 09:12 schrieb Shop <help@shop.example>:",
        "Am Mo., 16. Nov. 2026 um 09:12 Uhr schrieb Shop <\nhelp@shop.example>:",
        "Le lun. 16 nov. 2026 à 09:12, Shop <help@shop.example> a écrit :",
        "El lun, 16 nov 2026 a las 9:12, Shop (<help@shop.example>) escribió:",
        "Il giorno lun 16 nov 2026 alle ore 09:12 Shop ha scritto:",
        "Op ma 16 nov 2026 om 09:12 schreef Shop <help@shop.example>:",
        "Em seg., 16 de nov. de 2026 às 09:12, Shop escreveu:",
        "Den mån 16 nov. 2026 kl 09:12 skrev Shop <help@shop.example>:",
        "2026-11-16 9:12 GMT+01:00 Shop <help@shop.example> wrote:",
        "W dniu 16.11.2026 o 09:12, Shop napisał:",
        "-----Original Message-----\nFrom: Shop",
        "-----Ursprüngliche Nachricht-----",
        "________________________________\nFrom: Shop\nSent: Monday\nTo: Mara\nSubject: x",
        "From: Shop <help@shop.example>\nDate: Monday\nTo: Mara\nSubject: x",
        "*Von:* Shop\n*Gesendet:* Montag\n*An:* Mara\n*Betreff:* x",
        "De : Shop\nEnvoyé : lundi\nÀ : Mara\nObjet : x",
        "Begin forwarded message:",
    ],
)
def test_finds_where_the_other_mail_begins(opening: str) -> None:
    quoted = f"{opening}\n\nShall we send it again?\nThe shop"

    assert split_text(f"{NEW}\n\n{quoted}") == Split(NEW, quoted)


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote: nothing came.",
        "On 3 May I ordered this:\na lamp",
        "From: Berlin\nI need it by Friday.",
        "I would like\n- one\n- two\n-- three",
        "The price is\n> 5 euros?",
        "Am 3. Mai habe ich bestellt.\nWann kommt es?",
        "Best\nof all was the lamp, which I bought for my mother who lives far away from here and"
        " who has been asking for a lamp like this one for many years.",
        "Regards from the whole team, and where is the parcel?",
        "--\nnot a signature when nothing is before it",
    ],
)
def test_leaves_alone_what_only_looks_so(text: str) -> None:
    split = split_text(text)

    assert "".join(split.reply.split()) in "".join(text.split())
    if ">" not in text:
        assert split == Split(text)


def test_answers_between_quotes_stay_in_their_order() -> None:
    split = split_text("On 1.1.2026 Shop wrote:\n> Size?\nM\n\n> Colour?\nGreen\n> Bye")

    assert split.reply == "M\n\nGreen"
    assert split.quoted == "On 1.1.2026 Shop wrote:\n> Size?\n> Colour?\n> Bye"


def test_an_answer_below_the_quote_is_the_reply() -> None:
    assert split_text("On 1.1.2026 Shop wrote:\n\n> Size?\n\nSize M.").reply == "Size M."


def test_only_quotes_are_their_own_reply() -> None:
    assert split_text("> all\n> quoted") == Split("> all\n> quoted")


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nMara Vogt\nDirector",
        "--\nMara",
        "Sent from my iPhone",
        "Get Outlook for iOS<https://aka.example>",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Kind regards,\n\nMara Vogt",
        "Mit freundlichen Grüßen\nMara Vogt\nTel. 030",
        "Viele Grüße aus Berlin\nMara",
        "Cordialement,\nMara",
        "MfG\nM. Vogt",
        "CONFIDENTIALITY NOTICE: this is for you alone.",
        "This e-mail and any attachments may contain information that is confidential.",
    ],
)
def test_takes_signatures_off(signature: str) -> None:
    split = split_text(f"{NEW}\n\n{signature}")

    assert split.reply == NEW
    assert split.signature == "\n".join(line.rstrip() for line in signature.split("\n"))


def test_words_of_goodbye_in_the_middle_are_no_signature() -> None:
    text = "Cheers\nfor the lamp.\n" + "\n".join(f"Line {n} of a long story." for n in range(20))

    assert split_text(text) == Split(text)


LINES = st.sampled_from(
    ["", "text", "> quoted", ">> deeper", "On 1.1.2026 X wrote:", "wrote:", "On 1", "-- ", "--",
     "From: x", "To: y", "Sent: z", "Regards,", "Sent from my iPhone", "_" * 30, "—"]
)  # fmt: skip


@given(lines=st.lists(LINES, max_size=12))
@settings(max_examples=80, deadline=None)
def test_no_word_is_lost_or_said_twice(lines: list[str]) -> None:
    split = split_text("\n".join(lines))

    words = " ".join((split.reply, split.quoted, split.signature)).split()
    assert sorted(words) == sorted(" ".join(lines).split())
    assert split.reply or not "".join(lines).strip()


@pytest.mark.parametrize("line", ["On 1 ", "On 1 a\n", "From: a\n", "> \n", "regards\n", "a\n--\n"])
def test_no_text_takes_long(line: str) -> None:
    text = line * (60_000 // len(line))  # mail-parser-reply: minutes for some of these

    split = split_text(text)

    kept = " ".join((split.reply, split.quoted, split.signature)).split()
    assert sorted(kept) == sorted(text.split())


# Lines and letters


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one \ntwo\nthree", "one two\nthree"),
        (" >not quoted\n  indented", ">not quoted\n indented"),
        ("> a \n> b\n>> c \nd", "> a b\n>> c \nd"),
        ("text \n-- \nMara", "text \n-- \nMara"),
        ("", ""),
    ],
)
def test_soft_lines_are_joined(text: str, lines: str) -> None:
    assert unflowed(text, del_sp=False) == lines


@pytest.mark.parametrize(
    ("raw", "charset", "text"),
    [
        ("Grüße".encode(), "", "Grüße"),
        ("Grüße".encode(), "iso-8859-1", "Grüße"),
        ("Grüße".encode("latin-1"), "utf-8", "Grüße"),
        ("Grüße".encode("latin-1"), "", "Grüße"),
        ("“€”".encode("cp1252"), "iso-8859-1", "“€”"),
        ("Привет".encode("koi8-r"), "KOI8-R", "Привет"),
        ("Привет".encode("cp1251"), "windows-1251", "Привет"),
        ("①".encode("cp932"), "shift_jis", "①"),
        ("日本".encode("iso-2022-jp"), "iso-2022-jp", "日本"),
        ("镕".encode("gbk"), "gb2312", "镕"),
        ("한글".encode("cp949"), "ks_c_5601-1987", "한글"),
        ("Grüße".encode("utf-7"), "utf-7", "Grüße"),
        ("ab".encode("utf-16"), "utf-16", "ab"),
        (b"xn--bnk-qla", "punycode", "xn--bnk-qla"),
        (b"\\u0041", "unicode_escape", "\\u0041"),
        (b"a\x00b\r\nc\rd", "utf-8", "ab\nc\nd"),
        (b"616263", "hex", "616263"),
        (b"caf\xc3\xa9 \xff" + b"a" * 60, "utf-8", "café \ufffd" + "a" * 60),
        (b"x", '"utf-8; format=flowed"', "x"),
    ],
)
def test_reads_bytes_by_what_they_are(raw: bytes, charset: str, text: str) -> None:
    assert decoded(raw, charset) == text


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("=?utf-8?Q?a_b?= c", "a b c"),
        ("=?utf-8?B?w7w=?= =?utf-8?B?w58=?=", "üß"),
        ("=?utf-8?B?8J8=?=\n =?utf-8?B?mpo=?=", "🚚"),
        ("=?iso-8859-1?Q?=FC?= =?utf-8?Q?=C3=BC?=", "üü"),
        ("=?utf-8*de?Q?x?=", "x"),
        ("=?utf-8?Q?broken with spaces?=", "broken with spaces"),
        ("=?utf-8?B?%%%?=", ""),
        ("=?utf-8?X?x?= plain", "=?utf-8?X?x?= plain"),
        ("a =?utf-8?q?b?=c", "a bc"),
    ],
)
def test_reads_encoded_words(header: str, text: str) -> None:
    assert words_decoded(header) == text
