"""Exchange rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.workspaces.factories import ExchangeRateFactory
from workspaces.models import ExchangeRate
from workspaces.selectors import convert
from workspaces.services.exchange import RateFileError, import_rates

DAY = date(2026, 11, 21)


def _convert(workspace, currency="EUR", on=DAY):
    return convert(workspace=workspace, amount=Decimal(100), currency=currency, on=on)


def test_own_currency_needs_no_rate(workspace):
    assert _convert(workspace, "USD") == 100


def test_latest_rate_up_to_the_day_counts(workspace):
    for day, rate in (("2026-11-01", "1.10"), ("2026-11-20", "1.20"), ("2026-11-22", "1.50")):
        ExchangeRateFactory(workspace=workspace, day=day, rate=rate)

    assert _convert(workspace) == Decimal(120)
    assert _convert(workspace, on=date(2026, 11, 19)) == Decimal(110)
    assert _convert(workspace, on=date(2026, 10, 31)) is None


def test_inverse_rate_is_used_and_the_direct_one_wins_on_the_same_day(workspace):
    ExchangeRateFactory(workspace=workspace, day=DAY, base="USD", quote="EUR", rate="0.8")
    assert _convert(workspace) == Decimal(125)

    ExchangeRateFactory(workspace=workspace, day=DAY, base="EUR", quote="USD", rate="1.3")
    assert _convert(workspace) == Decimal(130)


def test_rate_of_another_workspace_is_not_used(workspace, other_workspace):
    ExchangeRateFactory(workspace=other_workspace, day=DAY)

    assert _convert(workspace) is None


def test_csv_is_imported_and_replaces_a_day(workspace):
    import_rates(workspace=workspace, content=b"day,base,quote,rate\n2026-11-20,EUR,USD,1.1\n")
    report = import_rates(
        workspace=workspace,
        content="\ufeffRate;Day;Base;Quote\n1.15;2026-11-20;eur;USD\n0.0065;2026-11-20;JPY;USD\n".encode(),
    )

    assert (report.written, report.errors) == (2, [])
    assert ExchangeRate.objects.count() == 2
    assert _convert(workspace) == Decimal(115)


def test_bad_lines_are_named_and_nothing_is_written(workspace):
    lines = [
        "day,base,quote,rate",
        "2026-11-20,EUR,USD,1.1",
        "20.11.2026,EUR,USD,1.1",
        "2026-11-20,EURO,USD,1.1",
        "2026-11-20,EUR,USD,-1",
        "2026-11-20,EUR,USD,NaN",
        "2026-11-20,EUR,EUR,1",
        "2026-11-20,EUR,USD,1e-11",
        "2026-11-20,EUR",
    ]

    report = import_rates(workspace=workspace, content="\n".join(lines).encode())

    assert [error.partition(":")[0] for error in report.errors] == [
        f"Line {number}" for number in range(3, 10)
    ]
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "'day' is missing"), (b"day,base,quote\n", "'rate' is missing"), (b"\xff\xfe", "UTF-8")],
)
def test_unreadable_file_is_refused(workspace, content, words):
    with pytest.raises(RateFileError, match=words):
        import_rates(workspace=workspace, content=content)


def test_command_imports_a_file_and_names_what_is_wrong(workspace, tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("day,base,quote,rate\n2026-11-20,EUR,USD,1.1\n")
    bad.write_text("day,base,quote,rate\n2026-11-20,EUR,USD,0\n")
    out = StringIO()

    call_command("import_rates", "acme", str(good), stdout=out)
    with pytest.raises(CommandError, match="Line 2: the rate must be above zero"):
        call_command("import_rates", "acme", str(bad))
    with pytest.raises(CommandError, match="no workspace 'nope'; known: acme"):
        call_command("import_rates", "nope", str(good))
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_rates", "acme", str(tmp_path / "none.csv"))

    assert out.getvalue() == "1 rates written for Acme.\n"
    assert ExchangeRate.objects.get().rate == Decimal("1.1")
