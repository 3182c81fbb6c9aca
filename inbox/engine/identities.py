"""People who may be one: suggested with what speaks for it, never joined by a machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

#: People with one address or number beyond which it is shared: an office, a family, info@.
MOST_PEOPLE: Final = 3


@dataclass(frozen=True)
class Sighting:
    """An address or number that was seen on a contact.

    Attributes
    ----------
    contact : its id
    kind : 'email' or 'phone'
    value : in one spelling: small letters, E.164
    where : for people, such as 'wrote from it', 'in the signature of a mail of 3 May'
    """

    contact: int
    kind: str
    value: str
    where: str


@dataclass(frozen=True)
class Suggestion:
    """Two contacts that may be one person; `evidence` says why, for people."""

    first: int
    second: int
    evidence: tuple[str, ...]


def suggest(
    sightings: Iterable[Sighting], decided: Collection[tuple[int, int]] = ()
) -> list[Suggestion]:
    """Suggest contacts that may be one person.

    Parameters
    ----------
    sightings : of a workspace, in any order
    decided : pairs, the smaller id first, about which a person has decided or is asked already

    Returns
    -------
    by most evidence, then by ids; what is seen on more than three contacts is shared and speaks
    for nothing
    """
    seen: dict[tuple[str, str], dict[int, str]] = {}
    for one in sorted(sightings, key=lambda s: (s.kind, s.value, s.contact, s.where)):
        if one.value:
            seen.setdefault((one.kind, one.value), {}).setdefault(one.contact, one.where)
    evidence: dict[tuple[int, int], list[str]] = {}
    for (kind, value), contacts in seen.items():
        if len(contacts) > MOST_PEOPLE:
            continue
        for first, second in combinations(sorted(contacts), 2):
            told = f"Same {kind} {value}: {contacts[first]}; {contacts[second]}"
            evidence.setdefault((first, second), []).append(told)
    found = [
        Suggestion(*pair, tuple(told)) for pair, told in evidence.items() if pair not in decided
    ]
    return sorted(found, key=lambda one: (-len(one.evidence), one.first, one.second))
