"""What people see of a file while they say what its columns mean."""

from __future__ import annotations

import io

import pytest
from openpyxl import Workbook

from outreach.models import ContactImport
from outreach.selectors.file_samples import samples_of
from outreach.services.people.importing import receive_file
from tests.outreach.steps import NOW
from workspaces.gate import Proposer

pytestmark = pytest.mark.django_db


@pytest.fixture
def received(workspace, operator):
    """Upload a file."""

    def receive(content: bytes, name: str = "people.csv") -> ContactImport:
        return receive_file(
            workspace=workspace, file=io.BytesIO(content), file_name=name,
            by=Proposer.person(operator), now=NOW,
        )  # fmt: skip

    return receive


def test_two_different_values_of_each_column(received):
    run = received(
        b"Email,Name,Note\nann@example.com,Ann,\nann@example.com,Bob,\nzoe@example.com,Cid,\n"
    )

    assert samples_of(run) == ["ann@example.com, zoe@example.com", "Ann, Bob", ""]


def test_a_long_file_is_read_at_its_beginning_only(received):
    """Its head ends within a letter of two bytes."""
    line = "zoë@example.com,Zoë\n".encode()
    run = received(b"Email,Name\n" + line * 10_000)

    assert samples_of(run) == ["zoë@example.com", "Zoë"]


def test_a_workbook(received):
    book, file = Workbook(), io.BytesIO()
    for row in (("Email", "Name"), ("ann@example.com", "Ann")):
        book.active.append(row)
    book.save(file)

    assert samples_of(received(file.getvalue(), "people.xlsx")) == ["ann@example.com", "Ann"]


def test_an_upload_that_is_gone_has_none(received):
    run = received(b"Email,Name\nann@example.com,Ann\n")
    run.file.storage.delete(run.file.name)

    assert samples_of(run) == ["", ""]
