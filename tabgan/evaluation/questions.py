"""The questions an evaluation answers, each by one family of metrics, in the order they are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tabgan.evaluation import (
    augmentation,
    columns,
    dependencies,
    detection,
    exposure,
    inference,
    linkability,
    manifold,
    marginals,
    membership,
    memorisation,
    pairs,
    singling_out,
    utility,
    variety,
)
from tabgan.evaluation.metric import Family, Measure
from tabgan.evaluation.metric import Question as Group
from tabgan.evaluation.tables import Tables

GROUPS: dict[Group, str] = {
    "fidelity": "Is it faithful?",
    "utility": "Is it useful?",
    "privacy": "Is it private?",
}


@dataclass(frozen=True)
class Question:
    """One question, the measures that may answer it, and the function that does.

    `turn` tells which question is asked first where time is short; 1 is the first.
    """

    key: str
    text: str
    turn: int
    measures: tuple[Measure, ...]
    answer: Callable[[Tables], Family]

    @property
    def group(self) -> Group:
        """The group that it is told in: that of its measures."""
        return self.measures[0].question


QUESTIONS: tuple[Question, ...] = (
    Question(
        "columns",
        "Is every column spread as in the real table?",
        1,
        columns.MEASURES,
        columns.column_metrics,
    ),
    Question(
        "pairs",
        "Do columns go together as in the real table?",
        2,
        pairs.MEASURES,
        pairs.pair_metrics,
    ),
    Question(
        "marginals",
        "Are small groups of columns right?",
        11,
        marginals.MEASURES,
        marginals.marginal_metrics,
    ),
    Question(
        "detection",
        "Can synthetic rows be told from real ones?",
        3,
        detection.MEASURES,
        detection.detection_metrics,
    ),
    Question(
        "manifold",
        "Do synthetic rows lie where real ones lie?",
        14,
        manifold.MEASURES,
        manifold.manifold_metrics,
    ),
    Question(
        "variety",
        "Are there as many different rows and categories?",
        12,
        variety.MEASURES,
        variety.variety_metrics,
    ),
    Question(
        "dependencies",
        "Do the rules of the real table hold?",
        10,
        dependencies.MEASURES,
        dependencies.dependency_metrics,
    ),
    Question(
        "utility",
        "Does a model learned from it work on real rows?",
        5,
        utility.MEASURES,
        utility.utility_metrics,
    ),
    Question(
        "augmentation",
        "Do real and synthetic rows teach more than real rows alone?",
        15,
        augmentation.MEASURES,
        augmentation.augmentation_metrics,
    ),
    Question(
        "singling_out",
        "Can one person be singled out?",
        8,
        singling_out.MEASURES,
        singling_out.singling_out_metrics,
    ),
    Question(
        "linkability",
        "Can two records of one person be linked?",
        9,
        linkability.MEASURES,
        linkability.linkability_metrics,
    ),
    Question(
        "inference",
        "Can a secret of a person be guessed?",
        7,
        inference.MEASURES,
        inference.inference_metrics,
    ),
    Question(
        "membership",
        "Can one tell who was in the training table?",
        6,
        membership.MEASURES,
        membership.membership_metrics,
    ),
    Question(
        "memorisation",
        "Are training rows repeated?",
        4,
        memorisation.MEASURES,
        memorisation.memorisation_metrics,
    ),
    Question(
        "exposure",
        "Which training rows are exposed most?",
        13,
        exposure.MEASURES,
        exposure.exposure_metrics,
    ),
)

METRIC_KEYS: tuple[str, ...] = tuple(measure.key for question in QUESTIONS for measure in question.measures)
