"""Who opened a picture or a link: a reader, or a machine that looks before the reader does.

Mail filters follow every link and proxies load every picture. Counting them would make each mail
opened and each link clicked, and would let no test of subjects tell anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

#: Nobody reads and clicks faster than this after the sending; filters do.
TOO_SOON: Final = timedelta(seconds=2)
# Names by which filters, link scanners and previews introduce themselves.
_MACHINES: Final = re.compile(
    r"bot\b|crawl|spider|scanner|preview|barracuda|mimecast|proofpoint|symantec|fireeye|trendmicro"
    r"|safelinks|urldefense|googlesafe|curl/|wget/|python-requests|python-httpx|go-http-client"
    r"|okhttp|java/|headlesschrome|slackbot|facebookexternalhit|whatsapp/|telegrambot|linkedinbot",
    re.IGNORECASE,
)
# A proxy fetches these for a reader who has the mail open, so they count as an opening.
_PROXIES: Final = re.compile(r"googleimageproxy|yahoomailproxy", re.IGNORECASE)
_AHEAD: Final = ("purpose", "sec-purpose", "x-purpose", "x-moz")


def is_machine(
    headers: Mapping[str, str], *, method: str, sent_at: datetime | None, now: datetime
) -> bool:
    """Whether a request for a picture or link comes from no reader.

    Parameters
    ----------
    headers : names in small letters
    method : of the request; only GET is a reader's
    sent_at : when the message went out, where it is known
    now : when the request came
    """
    if method != "GET" or any("pre" in headers.get(name, "").lower() for name in _AHEAD):
        return True
    if sent_at is not None and now - sent_at < TOO_SOON:
        return True
    agent = headers.get("user-agent", "")
    if _PROXIES.search(agent):
        return False
    return not agent or bool(_MACHINES.search(agent))
