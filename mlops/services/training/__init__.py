"""Training: what a model learns from, which models can be trained, and where they end up."""

from mlops.services.training.learners import (
    FROM_FILES,
    LEAST_USERS,
    TRAINERS,
    Learnt,
    TooLittleError,
    TrainingError,
    learn,
)
from mlops.services.training.training import NothingNewError, train_model

__all__ = [
    "FROM_FILES",
    "LEAST_USERS",
    "TRAINERS",
    "Learnt",
    "NothingNewError",
    "TooLittleError",
    "TrainingError",
    "learn",
    "train_model",
]
