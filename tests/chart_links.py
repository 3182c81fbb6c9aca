"""Charts that a page offers as files."""

from __future__ import annotations

import re


def charts_in(page: str) -> list[str]:
    """Their names, in the order of the page."""
    return re.findall(r'class="cs-chart-png"\s+href="[^"?]+\?chart=([^&"]+)&', page)
