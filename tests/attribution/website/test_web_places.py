"""Countries of time zones."""

from __future__ import annotations

import re
import zoneinfo

import pytest

from attribution.engine.web_places import country_name, country_of_zone


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Berlin", "DE"),
        # Shares its clock with Brussels.
        ("Europe/Amsterdam", "NL"),
        ("Asia/Dubai", "AE"),
        ("America/Indiana/Knox", "US"),
        # Older names.
        ("US/Eastern", "US"),
        ("Europe/Kiev", "UA"),
        ("Asia/Calcutta", "IN"),
        ("UTC", ""),
        ("Etc/GMT+3", ""),
        ("Mars/Olympus", ""),
        ("", ""),
        ("../../etc/passwd", ""),
    ],
)
def test_zones_lie_in_countries(zone, country):
    assert country_of_zone(zone) == country


def test_every_zone_of_a_place_has_a_country():
    clocks = re.compile(r"Etc/|GMT|UTC|UCT|Zulu|Universal|Greenwich|Factory|localtime|"
                        r"[A-Z]{3}\d[A-Z]{3}|(?:CET|EET|MET|WET|EST|MST|HST)$")  # fmt: skip
    places = {zone for zone in zoneinfo.available_timezones() if not clocks.match(zone)}

    assert len(places) > 500
    assert {zone for zone in places if not re.fullmatch("[A-Z]{2}", country_of_zone(zone))} == set()


def test_countries_have_names():
    assert country_name("DE") == "Germany"
    assert country_name("ZZ") == "ZZ"
