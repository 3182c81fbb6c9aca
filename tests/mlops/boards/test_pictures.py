"""Charts as drawn: in both themes, the same bytes each time, and no pixel of one in the other."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from mlops.engine.boards.pictures.shapes import (
    BudgetShare,
    Caption,
    ForecastBar,
    Lines,
    Measure,
)

CAPTION = Caption("Expected ROI", "Acme $ Söhne", "A note. " * 60)
NAN = float("nan")
DAYS = tuple(date(2026, 1, 1) + timedelta(days=n) for n in range(5))


def percent(value: float) -> str:
    return f"{value:.0%}"


def forecast(theme):
    from mlops.engine.boards.pictures.forecast import forecast_png

    bars = [
        ForecastBar("Meta", 1.2, 0.8, 1.9),
        ForecastBar("A channel of a long name", -0.4, NAN, NAN),
    ]
    return forecast_png(bars, CAPTION, percent, theme)


def lines(theme, changes=()):
    from mlops.engine.boards.pictures.lines import lines_png

    known, unknown = np.array([[1.0], [2.0], [NAN], [90.0], [1.0]]), np.full((5, 1), NAN)
    shown = Lines(
        DAYS, ("Meta",), Measure("ROI", known, known, percent),
        Measure("Reach", unknown, unknown, percent), changes,
    )  # fmt: skip
    return lines_png(shown, CAPTION, theme)


def budget(theme):
    from mlops.engine.boards.pictures.budget import budget_png

    shares = [BudgetShare("Meta", 0.0, 95.0), BudgetShare("TikTok", 0.0, 5.0)]
    return budget_png(shares, CAPTION, "${:,.0f}".format, theme)


@pytest.mark.parametrize("draw", [forecast, lines, budget])
def test_a_chart_has_the_paper_of_its_theme_and_is_the_same_each_time(draw):
    light, dark = draw("light"), draw("dark")

    assert draw("dark") == dark
    for png, is_dark in ((light, False), (dark, True)):
        picture = Image.open(BytesIO(png)).convert("L")
        assert picture.width == 1200
        assert (picture.getpixel((2, 2)) < 60) == is_dark
        assert (picture.getpixel((picture.width - 3, picture.height - 3)) < 60) == is_dark
        # Something is drawn, and it does not run over the edge.
        assert len(np.unique(picture)) > 20
        assert len(np.unique(picture.crop((0, 0, 12, picture.height)))) == 1


def test_days_with_changes_are_marked_in_the_panels_of_their_channel():
    plain, none, one = lines("light"), lines("light", ((),)), lines("light", ((3,),))

    assert none == plain
    assert one != plain
