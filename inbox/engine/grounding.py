"""Whether an answer says only what its sources say: what a language model adds of its own is found.

What customers write is no source for links, addresses, amounts and promises: whoever writes to us
could have them said in our name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_LINK: Final = re.compile(
    r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\."
    r"(?:com|net|org|io|co|app|dev|info|biz|shop|store|link|me|ly|de|at|ch|fr|es|it|nl|uk|eu|ru)\b"
    r"(?:/\S*)?",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+\.\w+|@\w{3,}")
_MONEY: Final = re.compile(
    r"[$€£¥]\s*\d[\d.,]*|\d[\d.,]*\s*(?:[$€£¥%]|(?:usd|eur|gbp|chf|dollars?|euros?|pounds?"
    r"|percent|per cent|prozent)\b)",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\d+")
_PROMISE: Final = re.compile(
    r"\b(?:guarante\w+|promis\w+|refund\w*|compensat\w+|reimburs\w+|discount\w*|voucher\w*"
    r"|coupon\w*|free|gratis|waive\w*|credit\w*|warrant\w+|legally|liab\w+|immediately|today"
    r"|tonight|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|hours?|days?"
    r"|weeks?|garantie\w*|garantier\w+|versprech\w+|erstatt\w+|rabatt\w*|gutschein\w*|kostenlos\w*"
    r"|heute|morgen|stunden?|tagen?|wochen?)\b",
    re.IGNORECASE,
)
_MARKUP: Final = re.compile(r"<[a-zA-Z/!][^>]*>|\{\{|\{%|\]\(")


def problems_of(text: str, *, ours: Iterable[str], theirs: Iterable[str]) -> list[str]:
    """Say what an answer has that its sources do not.

    Parameters
    ----------
    text : the answer
    ours : the template, what we wrote before, the customer's record
    theirs : what the customer wrote; numbers such as that of an order may be said again

    Returns
    -------
    sentences that a model can act on; none where all of it is in the sources
    """
    found = []
    if any(unicodedata.category(one) == "Cf" for one in text):
        found.append("Leave out characters that do not show.")
    plain = _plain(text)
    own = _plain("\n".join(ours))
    if _MARKUP.search(plain):
        found.append("Write plain text, without tags, links in brackets and blanks.")
    for what, pattern in (("link", _LINK), ("address", _ADDRESS), ("amount", _MONEY)):
        allowed = {_bare(one[0]) for one in pattern.finditer(own)}
        said = (_bare(one[0]) for one in pattern.finditer(plain))
        found += [f"Leave out the {what} {one!r}: it is not ours." for one in _new(said, allowed)]
    numbers = set(_NUMBER.findall(own)) | set(_NUMBER.findall(_plain("\n".join(theirs))))
    found += [
        f"Leave out the number {one}: nobody said it."
        for one in _new(_NUMBER.findall(plain), numbers)
    ]
    promised = {one[0].casefold() for one in _PROMISE.finditer(own)}
    said = (one[0].casefold() for one in _PROMISE.finditer(plain))
    found += [f"Do not say {one!r}: it promises more than ours." for one in _new(said, promised)]
    return found


def _new(said: Iterable[str], allowed: set[str]) -> list[str]:
    return [one for one in dict.fromkeys(said) if one not in allowed]


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    return "".join(one for one in text if unicodedata.category(one) != "Cf")


def _bare(found: str) -> str:
    """Without what ends a sentence, spaces and case."""
    return re.sub(r"\s", "", found).rstrip(".,;:!?)\"'").casefold()
