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
from mlops.services.training.training import train_model

__all__ = [
    "FROM_FILES",
    "LEAST_USERS",
    "TRAINERS",
    "Learnt",
    "TooLittleError",
    "TrainingError",
    "learn",
    "train_model",
]
