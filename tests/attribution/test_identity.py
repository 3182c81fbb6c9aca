"""Who is who: merges by what came together, undone without loss."""

from __future__ import annotations

import pytest

from attribution.models import Identifier, IdentityMerge, Person
from attribution.services.identity import (
    IdentityError,
    members_of,
    merge_people,
    person_of,
    undo_merge,
)


def _person(workspace, now, **identifiers):
    return person_of(workspace=workspace, identifiers=identifiers, now=now)


def _roots():
    return dict(Person.objects.order_by("pk").values_list("pk", "root"))


def test_nothing_known_is_nobody(workspace, now):
    assert _person(workspace, now) is None
    assert _person(workspace, now, visitor_id="", email_hash="") is None


def test_same_identifier_is_the_same_person_per_workspace(workspace, other_workspace, now):
    one = _person(workspace, now, visitor_id="v")
    again = _person(workspace, now, visitor_id="v", email_hash="e")
    foreign = _person(other_workspace, now, visitor_id="v")

    assert one == again == _person(workspace, now, email_hash="e")
    assert foreign != one
    assert Identifier.objects.filter(workspace=workspace).count() == 2


def test_same_text_of_another_kind_is_another_person(workspace, now):
    one = _person(workspace, now, visitor_id="x")
    two = _person(workspace, now, user_id="x", visitor_id="y")

    assert one != two


def test_identifiers_that_come_together_merge_people(workspace, now):
    one = _person(workspace, now, visitor_id="v")
    two = _person(workspace, now, email_hash="e")
    three = _person(workspace, now, phone_hash="p")

    both = _person(workspace, now, visitor_id="v", email_hash="e", phone_hash="p")

    assert both == two  # the surest identifier says who it is
    assert members_of(three) == [one, two, three]
    assert _roots() == {one.pk: None, two.pk: one.pk, three.pk: one.pk}
    merge = IdentityMerge.objects.first()
    assert merge.evidence == {"together": ["email_hash", "phone_hash", "visitor_id"]}


def test_undoing_gives_everybody_back_what_was_his(workspace, operator, now):
    one, two, three = (_person(workspace, now, visitor_id=v) for v in "abc")
    first = merge_people(left=one, right=two, by=operator, reason="Same.", now=now)
    merge_people(left=two, right=three, by=operator, reason="Same.", now=now)
    before = set(Identifier.objects.values_list("person", "value"))

    undo_merge(merge=first, by=operator, now=now)

    assert _roots() == {one.pk: None, two.pk: None, three.pk: two.pk}
    assert members_of(three) == [two, three]
    assert set(Identifier.objects.values_list("person", "value")) == before
    first.refresh_from_db()
    assert (first.undone_at, first.undone_by, first.evidence) == (
        now,
        operator,
        {"reason": "Same."},
    )


def test_people_stay_one_while_other_evidence_says_so(workspace, operator, now):
    one, two, three = (_person(workspace, now, visitor_id=v) for v in "abc")
    direct = merge_people(left=one, right=two, by=operator, reason="1", now=now)
    IdentityMerge.objects.create(workspace=workspace, left=one, right=three, merged_at=now)
    IdentityMerge.objects.create(workspace=workspace, left=three, right=two, merged_at=now)

    undo_merge(merge=direct, by=operator, now=now)

    assert members_of(two) == [one, two, three]
    assert _roots() == {one.pk: None, two.pk: one.pk, three.pk: one.pk}


def test_two_users_on_one_device_stay_two(workspace, now):
    ada = _person(workspace, now, user_id="ada", visitor_id="v")
    bob = _person(workspace, now, user_id="bob")

    assert _person(workspace, now, user_id="bob", visitor_id="v") == bob
    assert members_of(ada) == [ada]
    assert not IdentityMerge.objects.exists()


def test_impossible_merges_are_refused(workspace, other_workspace, operator, now):
    one = _person(workspace, now, visitor_id="a")
    two = _person(workspace, now, visitor_id="b")
    foreign = _person(other_workspace, now, visitor_id="a")

    with pytest.raises(IdentityError, match="different workspaces"):
        merge_people(left=one, right=foreign, by=operator, reason="x", now=now)
    with pytest.raises(IdentityError, match="already"):
        merge_people(left=one, right=one, by=operator, reason="x", now=now)
    merge = merge_people(left=one, right=two, by=operator, reason="x", now=now)
    with pytest.raises(IdentityError, match="already"):
        merge_people(left=two, right=one, by=operator, reason="x", now=now)
    undo_merge(merge=merge, by=operator, now=now)
    with pytest.raises(IdentityError, match="undone already"):
        undo_merge(merge=merge, by=operator, now=now)
    assert IdentityMerge.objects.count() == 1
