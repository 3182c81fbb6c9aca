"""Alerts: which lines the daily figures have crossed."""

from campaigns.engine.alerting.book import AMOUNTS, FACTS, Book
from campaigns.engine.alerting.judging import Condition, Line, Readings, State, judge
from campaigns.engine.alerting.measuring import LEAST, METRICS, measure

__all__ = [
    "AMOUNTS",
    "FACTS",
    "LEAST",
    "METRICS",
    "Book",
    "Condition",
    "Line",
    "Readings",
    "State",
    "judge",
    "measure",
]
