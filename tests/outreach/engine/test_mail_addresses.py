"""Addresses that stand in a mail as it came."""

from __future__ import annotations

from outreach.engine.mail_addresses import addresses_in


def test_addresses_are_found_wherever_they_stand() -> None:
    raw = (
        b'From: "Mara" <Mara@Example.com>\r\nCc: =?utf-8?q?B=C3=B6b?= <bob@example.com>,\r\n'
        b" ann+shop@example.com\r\n\r\nWrite to help@shop.example. (Or 'x@y.example')\r\n@ a@ @b"
    )
    assert addresses_in(raw) == [
        "ann+shop@example.com", "bob@example.com", "help@shop.example", "mara@example.com",
        "x@y.example",
    ]  # fmt: skip


def test_a_mail_of_nothing_but_them_gives_the_first_thousand() -> None:
    raw = b" ".join(b"%04d@example.com" % number for number in range(1_002))
    assert len(addresses_in(raw)) == 1_000
    assert addresses_in(b"") == []
