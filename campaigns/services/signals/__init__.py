"""Signals: found in the figures, kept while they last, put aside or acted on by people."""

from campaigns.services.signals.acting import ACTIONABLE, SignalClosedError, propose_action
from campaigns.services.signals.detecting import SIGNALS_JOB, detect_job, detect_signals
from campaigns.services.signals.dismissing import dismiss_signal, restore_signal

__all__ = [
    "ACTIONABLE",
    "SIGNALS_JOB",
    "SignalClosedError",
    "detect_job",
    "detect_signals",
    "dismiss_signal",
    "propose_action",
    "restore_signal",
]
