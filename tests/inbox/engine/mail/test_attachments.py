"""Files of mails: told by their content, held back where they can do harm, named safely."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from inbox.engine.mail.attachments import attachment, clean_name, held_because, type_of

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PK = "application/zip"
RUNS = "Files that end in .{} can run on the computer that opens them."


def archive(*names: str, size: int = 1) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, b"0" * size)
    return out.getvalue()


def locked() -> bytes:
    raw = bytearray(archive("a.txt"))
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def open_document() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    return out.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "a.pdf", "image/png"),
        (b"\xff\xd8\xff\xe0", "", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBP", "", "image/webp"),
        (b"RIFF\0\0\0\0WAVE", "", "audio/wav"),
        (b"\0\0\0\x18ftypheic", "", "image/heic"),
        (b"\0\0\0\x18ftypisom", "", "video/mp4"),
        (b"%PDF-1.7", "a.png", "application/pdf"),
        (b"MZ\x90\0", "a.pdf", "application/x-executable"),
        (b"#!/bin/sh\n", "a.txt", "application/x-executable"),
        (b"\x78\x9f\x3e\x22", "winmail.dat", "application/ms-tnef"),
        (OLE, "a.doc", "application/msword"),
        (OLE, "a.bin", "application/x-ole-storage"),
        (archive("[Content_Types].xml", "word/document.xml"), "a.zip", DOCX),
        (archive("a.txt"), "a.docx", PK),
        (open_document(), "a", "application/vnd.oasis.opendocument.text"),
        (b"PK\x03\x04broken", "a.zip", PK),
        (b"a,b\n1,2\n", "a.csv", "text/csv"),
        (b"a,b\n1,2\n", "a.png", "text/plain"),
        ("Grüße".encode("latin-1"), "a", "text/plain"),
        (b"  <!DOCTYPE HTML><p>", "a.txt", "text/html"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "a.png", "text/html"),
        (b"BEGIN:VCALENDAR", "x", "text/calendar"),
        (b"From: a@b.c", "a.eml", "message/rfc822"),
        (b"\x00\x01\x02", "a.txt", "application/octet-stream"),
        (b"BM are initials", "a", "text/plain"),
        (b"", "", "text/plain"),
    ],
)
def test_tells_a_file_by_its_content(content: bytes, name: str, kind: str) -> None:
    assert type_of(content, name) == kind


@pytest.mark.parametrize(
    ("content", "name", "because"),
    [
        (b"%PDF-1.7", "invoice.pdf", ""),
        (b"a", "notes.txt", ""),
        (archive("a.txt", "b/c.png"), "a.zip", ""),
        (archive("[Content_Types].xml", "word/document.xml"), "a.docx", ""),
        (OLE, "a.doc", ""),
        (b"a", "x.js", RUNS.format("js")),
        (b"%PDF-1.7", "x.pdf.EXE", RUNS.format("exe")),
        (b"%PDF-1.7", "x.exe. ", RUNS.format("exe")),
        (b"MZ", "x.pdf", "The file is a program."),
        (b"<html>", "x.pdf", "The file is a web page, which can run scripts."),
        (OLE + "_VBA_PROJECT".encode("utf-16-le"), "a.doc", "The document carries macros."),
        (
            archive("[Content_Types].xml", "word/a.xml", "word/vbaProject.bin"),
            "a.docx",
            "The document carries macros.",
        ),
        (archive("a/run.bat"), "a.zip", "The archive holds a .bat file."),
        (archive("a.zip"), "a.zip", "The archive holds another archive."),
        (locked(), "a.zip",
         "The archive is locked with a password, so nobody can tell what is in it."),
        (b"PK\x03\x04", "a.zip",
         "The archive cannot be read, so nobody can tell what is in it."),
        (archive("a.txt", size=3_000_000), "a.zip",
         "The archive would unpack to a hundred times its size."),
        (b"Rar!\x1a\x07", "a.rar", "Files of this type (application/vnd.rar) are not accepted."),
        (b"\x00\x01", "a.dat",
         "Files of this type (application/octet-stream) are not accepted."),
    ],
)  # fmt: skip
def test_holds_back_what_can_do_harm(content: bytes, name: str, because: str) -> None:
    assert held_because(content, type_of(content, name), name) == because


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Rechnung €.pdf", "Rechnung €.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a.txt", "a.txt"),
        ("a\u202egnp.exe", "a_gnp.exe"),
        ("a\r\nb\x00.txt", "a_b_.txt"),
        ("con.txt", "_con.txt"),
        (".htaccess", "htaccess"),
        ("a  b...", "a b"),
        ("<>:*?", ""),
        ("", ""),
        ("x" * 300 + ".pdf", "x" * 100 + ".pdf"),
        ("e\u0301.txt", "é.txt"),
    ],
)
def test_names_are_safe_everywhere(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_a_file_without_a_name_gets_one_of_its_kind() -> None:
    made = attachment(b"%PDF-1", "", "x/y", content_id="c@d", is_inline=True, max_size=10)

    assert (made.name, made.claimed_type, made.content_id) == ("file.pdf", "x/y", "c@d")
    assert made.sha256 == "21af8e71c8703196df7fe1ff901869a88fe64c07bbaa83d838efb45a52b4f303"
