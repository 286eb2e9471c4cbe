"""Arguments and options that several commands share, each told once."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from tabgan_cli.places import Place

MAX_SEED = 2**63 - 1

RealTable: TypeAlias = Annotated[
    Place,
    typer.Argument(
        metavar="TABLE",
        parser=Place,
        help="The real table: CSV, JSON lines, Parquet, Feather or Excel by its ending; - is standard "
        "input; or URL#TABLE, URL#SELECT... of a database.",
    ),
]
ModelArgument: TypeAlias = Annotated[Path, typer.Argument(metavar="MODEL", help="A model of `tabgan fit`.")]
Output: TypeAlias = Annotated[
    Place,
    typer.Option(
        "--output",
        "-o",
        metavar="TABLE",
        parser=Place,
        help="File to write, its ending tells the format; - is standard output; or URL#TABLE.",
    ),
]
FormulaGuard: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--formula-guard/--no-formula-guard",
        help="Put a ' before text of a CSV that a spreadsheet would run as a formula.",
    ),
]
SchemaFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--schema", help="What is known of the columns: JSON of `tabgan schema` or SDV."),
]
Personal: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN=CHOICE",
        help="What becomes of a column that tells who somebody is: learn, drop, or a form such as email "
        "that made-up values take. Repeatable; else it is recognised.",
    ),
]
Locale: TypeAlias = Annotated[
    str | None, typer.Option(help="Made-up names and places by Faker, such as de_DE; else nobody's names.")
]
Target: TypeAlias = Annotated[str | None, typer.Option(help="The column that the table is there to predict.")]
MaxSeconds: TypeAlias = Annotated[float | None, typer.Option(help="Longest time to train.")]
Epochs: TypeAlias = Annotated[int | None, typer.Option(min=1, help="Most passes over the rows in training.")]
Epsilon: TypeAlias = Annotated[
    float | None,
    typer.Option(help="Differential privacy with this budget, for one row added or removed."),
]
Delta: TypeAlias = Annotated[
    float | None, typer.Option(help="Below 1 / rows; else below 1 / rows^1.1 of the released number.")
]
PrivacyFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--privacy", help="JSON of PrivacyConfig: steps, sample_rate, masks, n_rows, shares."),
]
LedgerFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--ledger", help="File for every spend, written first; one that is there is continued."),
]
CheckpointPath: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint", help="File that training is kept in while it lasts; else beside what is written."
    ),
]
Resume: TypeAlias = Annotated[
    bool, typer.Option("--resume", help="Go on from the checkpoint of a fit that was stopped.")
]
Seed: TypeAlias = Annotated[
    int, typer.Option(min=0, max=MAX_SEED, help="Same table, same seed: same result on a CPU.")
]
SampleSeed: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, max=MAX_SEED, help="Same model, same seed: same rows. Without it, new ones."
    ),
]
Rounds: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How often the network is asked for a row: fewer are faster and at last less faithful. "
        "By default as often as the model was fitted for.",
    ),
]
FittedRounds: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--rounds",
        min=1,
        help="Train an adversary too, and draw rows in so many rounds: slower to learn, faster to draw.",
    ),
]


DropBrokenRows: TypeAlias = Annotated[
    bool, typer.Option("--drop-broken-rows", help="Leave out rows that break a rule of the schema.")
]


class DeviceName(str, Enum):
    """Where the networks are computed."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


Device: TypeAlias = Annotated[DeviceName, typer.Option(help="Where to compute; auto: a GPU if there is one.")]

Separator: TypeAlias = Annotated[
    str | None, typer.Option("--sep", help="Separator of a CSV, such as ';' or 'tab'; else it is found.")
]
Encoding: TypeAlias = Annotated[
    str | None, typer.Option(help="Encoding of a CSV that is not UTF-8, such as cp1252.")
]
Decimal: TypeAlias = Annotated[
    str | None, typer.Option(help="Decimal point of a CSV: '.' or ','; else it is found.")
]
NaValues: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--na-values", metavar="TEXT", help="Text that means a missing cell; repeatable."),
]
Dates: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--dates",
        metavar="FORMAT",
        help="Format of dates written as text that are not ISO, such as %d.%m.%Y; repeatable.",
    ),
]

Drop: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--drop", metavar="COLUMN", help="Leave this column out of it all; repeatable."),
]
AllowTiny: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--allow-tiny", help="Learn a table of fewer than 5 rows, whose values the model then holds."
    ),
]
MaxCategories: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Most values kept of a column of text: the most frequent ones.")
]


class InfiniteRule(str, Enum):
    """What becomes of infinite numbers."""

    error = "error"
    missing = "missing"
    clip = "clip"


Infinite: TypeAlias = Annotated[
    InfiniteRule, typer.Option(help="What becomes of infinite numbers; clip: the largest finite one.")
]

TimeBudget: TypeAlias = Annotated[
    float | None, typer.Option(help="Seconds after which no further question is begun.")
]

Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Only warnings and errors.")]
Debug: TypeAlias = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
