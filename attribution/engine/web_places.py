"""Countries by time zone: what a browser tells of its place without being asked."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

# Zones by country first; the table of zones that share their clocks names the first country only.
_TABLES: Final = ("zone.tab", "zone1970.tab")


def country_of_zone(time_zone: str) -> str:
    """Country that a time zone lies in, by the zone tables of the IANA time zone database.

    Parameters
    ----------
    time_zone : as `Europe/Berlin`; older names of a zone (`US/Eastern`) are known too

    Returns
    -------
    ISO 3166 code of two capital letters; '' for zones of no country (`UTC`) and unknown ones
    """
    return _countries().get(time_zone, "")


def country_name(code: str) -> str:
    """Name a country in English, as the IANA time zone database does.

    Parameters
    ----------
    code : ISO 3166 code of two capital letters

    Returns
    -------
    its name; the code itself where it is not known
    """
    return _names().get(code, code)


@cache
def _names() -> dict[str, str]:
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {row[0]: row[1] for row in rows if len(row) > 1}


@cache
def _countries() -> dict[str, str]:
    zones = files("tzdata").joinpath("zoneinfo")
    found: dict[str, str] = {}
    for table in _TABLES:
        for line in zones.joinpath(table).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                countries, _, zone = line.split("\t")[:3]
                found.setdefault(zone, countries[:2])
    links = [
        line.split()[1:3]
        for line in zones.joinpath("tzdata.zi").read_text(encoding="utf-8").splitlines()
        if line.startswith("L ")
    ]
    # Names that older systems send; some are links to links.
    for _ in range(2):
        for target, alias in links:
            if target in found:
                found.setdefault(alias, found[target])
    return found
