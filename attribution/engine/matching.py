"""Which click a conversion came from: exact ids, identity, fingerprint, network and browser."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FINGERPRINT_COMPONENTS = ("screen", "time_zone", "device", "os", "browser")
CANDIDATES_KEPT = 5
LEAST_SCORE = 0.70
IP_WEIGHT, AGENT_WEIGHT, RECENCY_WEIGHT = 0.5, 0.3, 0.2
_IPV4_BITS, _IPV6_BITS = 24, 48


class Method(StrEnum):
    """How a conversion was tied to its click, strongest first."""

    URL_PARAMETER = "url_parameter"
    IDENTITY = "identity"
    FINGERPRINT = "fingerprint"
    PROBABILISTIC = "probabilistic"
    UNATTRIBUTED = "unattributed"


class Outcome(StrEnum):
    """What became of one layer in one try."""

    MATCHED = "matched"
    NO_MATCH = "no_match"
    NO_EVIDENCE = "no_evidence"
    NO_CONSENT = "no_consent"


LAYERS = (Method.URL_PARAMETER, Method.IDENTITY, Method.FINGERPRINT, Method.PROBABILISTIC)
CONFIDENCE = {Method.URL_PARAMETER: 1.0, Method.IDENTITY: 0.95, Method.FINGERPRINT: 0.90}


@dataclass(frozen=True)
class Windows:
    """Hours that a click may precede its conversion, per layer; a workspace's policy."""

    url_parameter: float = 7 * 24
    identity: float = 30 * 24
    fingerprint: float = 7 * 24
    probabilistic: float = 24

    def __post_init__(self) -> None:
        for layer in LAYERS:
            if not self.of(layer) > 0:
                raise ValueError(f"{layer} window is {self.of(layer)} hours: it must be above 0")

    def of(self, method: Method) -> float:
        """Hours of one layer."""
        hours: float = getattr(self, method.value)
        return hours


@dataclass(frozen=True)
class Evidence:
    """What is known about the sender of a click or a conversion.

    ``click_ids`` holds (kind, id), as in ("gclid", "Cj0…"); ``identities`` (kind, hash or visitor
    id). A conversion carries one fingerprint for each salt that was in use inside the window.
    Blank texts are no evidence.
    """

    click_ids: frozenset[tuple[str, str]] = frozenset()
    identities: frozenset[tuple[str, str]] = frozenset()
    fingerprints: frozenset[str] = frozenset()
    truncated_ip: str = ""
    user_agent: str = ""
    has_consent: bool = False


@dataclass(frozen=True)
class ClickSeen:
    """A click that may be the one; of two clicks at the same instant the greater key is newer."""

    key: int
    clicked_at: datetime
    evidence: Evidence
    is_valid: bool = True


@dataclass(frozen=True)
class Candidate:
    """A click that a layer matched."""

    key: int
    hours: float
    score: float


@dataclass(frozen=True)
class Attribution:
    """The answer for one conversion.

    `click` is the key of the newest candidate; `window_hours` the window of the layer that won;
    `score` is 1 but for the probabilistic layer; `tried` holds every layer that was looked at.
    """

    method: Method
    click: int | None
    confidence: float
    window_hours: float | None
    score: float | None
    candidates: tuple[Candidate, ...]
    tried: tuple[tuple[Method, Outcome], ...]


def attribute(
    evidence: Evidence,
    converted_at: datetime,
    clicks: Iterable[ClickSeen],
    windows: Windows | None = None,
) -> Attribution:
    """Find the click of a conversion: the first layer that matches wins, its newest click wins.

    A click counts from its instant until its window has passed, both ends included, judged at
    the time of the conversion. All layers but the first need consent on both sides.

    Parameters
    ----------
    evidence, converted_at : of the conversion; aware
    clicks : of the same workspace, in any order
    windows : hours per layer

    Returns
    -------
    method, click, confidence, window, score and the newest five candidates of the layer that won

    Raises
    ------
    ValueError : a time without a zone
    """
    _check_aware("converted_at", converted_at)
    windows = windows or Windows()
    past = [(click, _hours(click, converted_at)) for click in clicks if click.is_valid]
    past = sorted(
        ((click, hours) for click, hours in past if hours >= 0),
        key=lambda pair: (pair[0].clicked_at, pair[0].key),
        reverse=True,
    )
    tried: list[tuple[Method, Outcome]] = []
    for layer in LAYERS:
        found = [
            Candidate(click.key, hours, _score(layer, hours))
            for click, hours in past
            if hours <= windows.of(layer) and _matches(layer, evidence, click.evidence)
        ]
        if layer is Method.PROBABILISTIC:
            found = [candidate for candidate in found if candidate.score >= LEAST_SCORE]
        tried.append((layer, _outcome(layer, evidence, has_match=bool(found))))
        if found:
            return Attribution(
                method=layer,
                click=found[0].key,
                confidence=CONFIDENCE.get(layer, min(found[0].score, LEAST_SCORE)),
                window_hours=windows.of(layer),
                score=found[0].score,
                candidates=tuple(found[:CANDIDATES_KEPT]),
                tried=tuple(tried),
            )
    return Attribution(Method.UNATTRIBUTED, None, 0.0, None, None, (), tuple(tried))


def probabilistic_score(*, has_same_ip: bool, has_same_agent: bool, hours: float) -> float:
    """Score a click by network, browser and age.

    Parameters
    ----------
    has_same_ip, has_same_agent : equal truncated IP, equal user agent
    hours : from the click to the conversion, 0 to 24

    Returns
    -------
    0.5 · IP + 0.3 · user agent + 0.2 · (1 − hours / 24), in [0, 1]

    Raises
    ------
    ValueError : hours below zero
    """
    if not hours >= 0:
        raise ValueError(f"hours is {hours}: a click comes before its conversion")
    recency = max(0.0, 1 - hours / 24)
    return IP_WEIGHT * has_same_ip + AGENT_WEIGHT * has_same_agent + RECENCY_WEIGHT * recency


def fingerprint(components: Mapping[str, str], salt: str) -> str:
    """Hash what a browser shows of itself with a salt that rotates.

    Parameters
    ----------
    components : the five of `FINGERPRINT_COMPONENTS`
    salt : not empty; hashes of different salts never meet

    Returns
    -------
    64 hexadecimal digits of SHA-256; empty where a component is missing or blank, as strangers
    would share what is left

    Raises
    ------
    ValueError : an unknown component or an empty salt
    """
    unknown = sorted(set(components) - set(FINGERPRINT_COMPONENTS))
    if unknown:
        raise ValueError(
            f"components has {', '.join(unknown)}: known are {', '.join(FINGERPRINT_COMPONENTS)}"
        )
    if not salt:
        raise ValueError("salt is empty: a fingerprint without one can be looked up in a table")
    parts = [components.get(name, "").strip() for name in FINGERPRINT_COMPONENTS]
    if not all(parts):
        return ""
    # As JSON, so that no two lists of parts can be the same text.
    return hashlib.sha256(json.dumps([salt, *parts]).encode()).hexdigest()


def truncate_ip(address: str) -> str:
    """Cut an address to its network: 24 bits of IPv4, 48 bits of IPv6.

    Parameters
    ----------
    address : IPv4 or IPv6; IPv4 inside IPv6 (::ffff:203.0.113.9) counts as IPv4

    Returns
    -------
    the network's first address, as in 203.0.113.0 or 2001:db8:7::

    Raises
    ------
    ValueError : not an IP address
    """
    ip = ipaddress.ip_address(address.strip())
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((int(ip), _IPV6_BITS), strict=False).network_address)
        ip = ip.ipv4_mapped
    return str(ipaddress.IPv4Network((int(ip), _IPV4_BITS), strict=False).network_address)


def _same_click(ours: Evidence, theirs: Evidence) -> bool:
    return any(value for _, value in ours.click_ids & theirs.click_ids)


def _same_person(ours: Evidence, theirs: Evidence) -> bool:
    return any(value for _, value in ours.identities & theirs.identities)


def _same_fingerprint(ours: Evidence, theirs: Evidence) -> bool:
    return any(ours.fingerprints & theirs.fingerprints)


def _same_network_and_agent(ours: Evidence, theirs: Evidence) -> bool:
    # One of the two reaches 0.70 only at the very instant of the click; that is not enough.
    return (
        bool(ours.truncated_ip and ours.user_agent)
        and ours.truncated_ip == theirs.truncated_ip
        and ours.user_agent == theirs.user_agent
    )


_TESTS: dict[Method, Callable[[Evidence, Evidence], bool]] = {
    Method.URL_PARAMETER: _same_click,
    Method.IDENTITY: _same_person,
    Method.FINGERPRINT: _same_fingerprint,
    Method.PROBABILISTIC: _same_network_and_agent,
}


def _matches(layer: Method, ours: Evidence, theirs: Evidence) -> bool:
    if layer is not Method.URL_PARAMETER and not (ours.has_consent and theirs.has_consent):
        return False
    return _TESTS[layer](ours, theirs)


def _outcome(layer: Method, evidence: Evidence, *, has_match: bool) -> Outcome:
    if has_match:
        return Outcome.MATCHED
    if layer is not Method.URL_PARAMETER and not evidence.has_consent:
        return Outcome.NO_CONSENT
    # Whoever does not match himself has nothing to match with.
    return Outcome.NO_MATCH if _TESTS[layer](evidence, evidence) else Outcome.NO_EVIDENCE


def _score(layer: Method, hours: float) -> float:
    if layer is not Method.PROBABILISTIC:
        return 1.0
    return probabilistic_score(has_same_ip=True, has_same_agent=True, hours=hours)


def _hours(click: ClickSeen, converted_at: datetime) -> float:
    _check_aware("clicked_at", click.clicked_at)
    return (converted_at - click.clicked_at) / timedelta(hours=1)


def _check_aware(name: str, at: datetime) -> None:
    if at.tzinfo is None:
        raise ValueError(f"{name} is {at.isoformat()}: give it a time zone")
