"""Files of a mail: what they are by their content, what may be handed on, and their names."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from io import BytesIO
from typing import Final

from inbox.engine.mail.model import Attachment

UNKNOWN: Final = "application/octet-stream"
_ZIP: Final = "application/zip"
_OLE: Final = "application/x-ole-storage"
_TEXT: Final = "text/plain"
_EXECUTABLE: Final = "application/x-executable"

#: First bytes, where they begin, and what they tell.
_MAGIC: Final[Sequence[tuple[int, bytes, str]]] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
    (0, b"PK\x03\x04", _ZIP),
    (0, b"PK\x05\x06", _ZIP),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (8, b"WAVE", "audio/wav"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"MZ", _EXECUTABLE),
    (0, b"\x7fELF", _EXECUTABLE),
    (0, b"\xfe\xed\xfa", _EXECUTABLE),
    (0, b"\xcf\xfa\xed\xfe", _EXECUTABLE),
    (0, b"\xce\xfa\xed\xfe", _EXECUTABLE),
    (0, b"\xca\xfe\xba\xbe", _EXECUTABLE),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00", _EXECUTABLE),
    (0, b"#!", _EXECUTABLE),
    (0, b"MSCF", "application/vnd.ms-cab-compressed"),
    (0, b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (0, b"BEGIN:VCALENDAR", "text/calendar"),
    (0, b"BEGIN:VCARD", "text/vcard"),
    (0, b"-----BEGIN PGP", "application/pgp-encrypted"),
)
_ALLOWED: Final = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/tiff", "image/heic",
     "image/avif", "image/bmp", "video/quicktime", "video/mp4", "video/webm", "audio/mp4",
     "audio/ogg", "audio/mpeg", "audio/flac", "audio/wav", "audio/amr", "application/pdf",
     "application/rtf", "text/calendar", "text/vcard", _TEXT, "text/csv", "message/rfc822", _ZIP,
     "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
     "application/vnd.openxmlformats-officedocument.presentationml.presentation",
     "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
     "application/vnd.oasis.opendocument.presentation", "application/pkcs7-signature"}
)  # fmt: skip
#: Files that a double click runs or opens as a page, whatever is in them.
_ENDINGS_THAT_RUN: Final = (
    "ade adp apk app appx bat chm cmd com cpl dll dmg docm dotm exe gadget hta htm html img inf"
    " ins iso isp jar jnlp js jse lib lnk mde mht mhtml msc msi msix msp mst nsh one pif ppam"
    " pptm ps1 ps2 psc1 psm1 py reg scf scr sct settingcontent-ms sh svg svgz swf sys url vb vbe"
    " vbs vhd vhdx vxd wsc wsf wsh xhtml xlam xll xlsb xlsm xltm xht"
)
_DANGEROUS: Final = frozenset(_ENDINGS_THAT_RUN.split())
_OFFICE: Final = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_OLE_NAMES: Final = {
    "doc": "application/msword", "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
}  # fmt: skip
_PAGE: Final = re.compile(
    rb"<\s*(?:!doctype html|html|head|body|script|iframe|svg|meta|link|object|embed|form)", re.I
)
_BAD_NAME: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069/\\:*?\"<>|]+"
)
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_MAX_ENTRIES: Final = 5_000


def attachment(
    content: bytes, name: str, claimed_type: str, *, content_id: str, is_inline: bool,
    max_size: int,
) -> Attachment:  # fmt: skip
    """Return a file with its type by content, and why it is held back, if it is."""
    size, found = len(content), type_of(content, name)
    clean = clean_name(name) or f"file{_ENDINGS.get(found, '')}"
    because = held_because(content, found, clean)
    if size > max_size:
        because = f"The file is larger than {max_size // (1024 * 1024)} MB."
    return Attachment(
        name=clean, content_type=found, claimed_type=claimed_type, size=size,
        sha256=hashlib.sha256(content).hexdigest(),
        content=b"" if size > max_size else content,
        content_id=content_id, is_inline=is_inline, held_because=because,
    )  # fmt: skip


_ENDINGS: Final = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "application/pdf": ".pdf",
    _TEXT: ".txt", "text/calendar": ".ics", "message/rfc822": ".eml",
}  # fmt: skip


def type_of(content: bytes, name: str = "") -> str:
    """Return the type of a file by what is in it; names only tell texts and Office files apart."""
    head = content[:64]
    for place, mark, kind in _MAGIC:
        if head.startswith(mark, place) and not (place == 8 and not head.startswith(b"RIFF")):
            return _inner_type(content, kind, _ending(name))
    if head.startswith(b"BM") and len(content) > 26 and content[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if head[:1] == b"0" and head[1:2] in (b"\x80", b"\x82", b"\x83") and _ending(name) == "p7s":
        return "application/pkcs7-signature"
    return _text_type(content, name)


def held_because(content: bytes, kind: str, name: str) -> str:
    """Return why a file is not handed on, in a sentence; empty where it may be."""
    endings = name.lower().rstrip(". ").split(".")[1:]
    if endings and endings[-1] in _DANGEROUS:
        return f"Files that end in .{endings[-1]} can run on the computer that opens them."
    if kind == _EXECUTABLE:
        return "The file is a program."
    if kind == "text/html":
        return "The file is a web page, which can run scripts."
    if kind == "application/ms-tnef":
        return "Outlook packed this file in a form that is not opened here (winmail.dat)."
    if kind == _ZIP:
        return _held_archive(content)
    if kind in _OLE_NAMES.values() and (
        b"_VBA_PROJECT" in content or _wide("_VBA_PROJECT") in content
    ):
        return "The document carries macros."
    if kind in _OFFICE.values() and _has_macros(content):
        return "The document carries macros."
    if kind not in _ALLOWED:
        return f"Files of this type ({kind}) are not accepted."
    return ""


def clean_name(name: str) -> str:
    """Return a name that is one name on every system; empty where nothing is left."""
    text = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    text = " ".join(_BAD_NAME.sub("_", text).split()).strip(". ")
    if not text.strip("_"):
        return ""
    if _DEVICES.fullmatch(text):
        text = f"_{text}"
    if len(text) > 120:
        stem, dot, ending = text.rpartition(".")
        is_ending = bool(dot) and len(ending) <= 10
        text = f"{stem[:100]}.{ending}" if is_ending else text[:120]
    return text


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def _inner_type(content: bytes, kind: str, ending: str) -> str:
    if kind == _OLE:
        return _OLE_NAMES.get(ending, _OLE)
    if kind != _ZIP:
        return kind
    names = _entries(content) or []
    if "[Content_Types].xml" in names:
        return next(
            (
                office
                for start, office in _OFFICE.items()
                if any(n.startswith(start) for n in names)
            ),
            _ZIP,
        )
    found = re.match(rb"PK\x03\x04.{26}mimetype(application/vnd\.oasis\.opendocument\.[a-z]+)PK",
                     content[:200], re.DOTALL)  # fmt: skip
    return found[1].decode("ascii") if found else kind


def _entries(content: bytes) -> list[str] | None:
    """Return the names in an archive without unpacking any; None where it cannot be read."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return [one.filename for one in archive.infolist()[:_MAX_ENTRIES]]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, LookupError):
        return None


def _held_archive(content: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, LookupError):
        return "The archive cannot be read, so nobody can tell what is in it."
    if len(entries) > _MAX_ENTRIES:
        return f"The archive holds more than {_MAX_ENTRIES} files."
    if any(one.flag_bits & 1 for one in entries):
        return "The archive is locked with a password, so nobody can tell what is in it."
    for one in entries:
        ending = _ending(one.filename.rstrip(". /"))
        if ending in _DANGEROUS:
            return f"The archive holds a .{ending} file."
        if ending in ("zip", "rar", "7z", "gz", "tar", "cab", "xz"):
            return "The archive holds another archive."
    if sum(one.file_size for one in entries) > 100 * max(len(content), 10_000):
        return "The archive would unpack to a hundred times its size."
    return ""


def _has_macros(content: bytes) -> bool:
    names = _entries(content)
    return names is None or any(name.lower().endswith("vbaproject.bin") for name in names)


def _text_type(content: bytes, name: str) -> str:
    """Tell text from what is none; text that would run as a page is one."""
    head = content[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _TEXT
    if any(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head):
        return UNKNOWN
    if _PAGE.search(head):
        return "text/html"
    ending = _ending(name)
    if ending in ("csv", "tsv"):
        return "text/csv"
    return "message/rfc822" if ending == "eml" else _TEXT
