"""Arguments and options that several commands share, each described once."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from tabgan_cli.places import Place

MAX_SEED = 2**63 - 1

# Panels of --help, below that of the options one meets first.
COLUMNS, TRAINING, PRIVACY = "Columns and rows", "Training", "Differential privacy"
FORM = "How files are written"

RealTable: TypeAlias = Annotated[
    Place,
    typer.Argument(
        metavar="TABLE",
        parser=Place,
        help="The real table: a CSV, JSON lines, Parquet, Feather or Excel file, by its ending; - for "
        "standard input; or URL#TABLE or URL#SELECT... for a database.",
    ),
]
ModelArgument: TypeAlias = Annotated[Path, typer.Argument(metavar="MODEL", help="A model from `tabgan fit`.")]
Output: TypeAlias = Annotated[
    Place,
    typer.Option(
        "--output",
        "-o",
        metavar="TABLE",
        parser=Place,
        help="File to write, in the format of its ending; - for standard output; or URL#TABLE.",
    ),
]
FormulaGuard: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--formula-guard/--no-formula-guard",
        help="Put a ' before text of a CSV that a spreadsheet would run as a formula.",
        rich_help_panel=FORM,
    ),
]
SchemaFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--schema", help="What is known about the columns: JSON from `tabgan schema` or SDV."),
]
Personal: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN=CHOICE",
        help="How to treat a column that may identify people: learn it, drop it, or make up values of a "
        "form such as email. Repeatable. Without it, such columns are recognised.",
        rich_help_panel=COLUMNS,
    ),
]
Locale: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Faker locale for made-up names and places, such as de_DE.", rich_help_panel=COLUMNS),
]
Target: TypeAlias = Annotated[str | None, typer.Option(help="The column that the table is meant to predict.")]
MaxSeconds: TypeAlias = Annotated[
    float | None, typer.Option(help="Longest training time, in seconds.", rich_help_panel=TRAINING)
]
Rejection: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--rejection",
        help="Also train a discriminator and redraw rows that it takes for synthetic: slower, and more "
        "faithful where it can tell rows apart.",
        rich_help_panel=TRAINING,
    ),
]
Epochs: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, help="Largest number of training passes over the rows.", rich_help_panel=TRAINING),
]
Epsilon: TypeAlias = Annotated[
    float | None,
    typer.Option(
        help="Use differential privacy with this budget, for one row added or removed: the smaller, the "
        "stricter; 1 is usual.",
        rich_help_panel=PRIVACY,
    ),
]
Delta: TypeAlias = Annotated[
    float | None,
    typer.Option(
        help="Must be below 1 / rows; the default is below 1 / rows^1.1 of the released number.",
        rich_help_panel=PRIVACY,
    ),
]
PrivacyFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--privacy",
        help="JSON file for PrivacyConfig: steps, sample_rate, masks, n_rows, shares.",
        rich_help_panel=PRIVACY,
    ),
]
LedgerFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        help="File to which every spend is written first; an existing one is continued.",
        rich_help_panel=PRIVACY,
    ),
]
CheckpointPath: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        help="File to which training is saved while it runs; by default beside the output.",
        rich_help_panel=TRAINING,
    ),
]
Resume: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--resume", help="Resume from the checkpoint of a fit that was stopped.", rich_help_panel=TRAINING
    ),
]


def checked_seed(seed: int | None) -> int | None:
    """The seed. Raises: BadParameter for one too large; `max=` would put its 19 digits into --help."""
    if seed is not None and seed > MAX_SEED:
        raise typer.BadParameter("a seed is below 2**63")
    return seed


Seed: TypeAlias = Annotated[
    int, typer.Option(min=0, callback=checked_seed, help="Same table and seed: same result on a CPU.")
]
SampleSeed: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, callback=checked_seed, help="Same model and seed: same rows. Without it, new ones."
    ),
]
Rounds: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Passes through the network per row: fewer are faster and, at some point, less faithful. "
        "By default as many as the model was fitted for.",
    ),
]
FittedRounds: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--rounds",
        min=1,
        help="Also train an adversary, and draw rows in this many rounds: slower to learn, faster to draw.",
        rich_help_panel=TRAINING,
    ),
]


DropBrokenRows: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--drop-broken-rows", help="Leave out rows that break a rule of the schema.", rich_help_panel=COLUMNS
    ),
]


class DeviceName(str, Enum):
    """Where the networks are computed."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


Device: TypeAlias = Annotated[DeviceName, typer.Option(help="Where to compute; auto: a GPU if there is one.")]

Separator: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--sep", help="Separator of a CSV, such as ';' or 'tab'; detected by default.", rich_help_panel=FORM
    ),
]
Encoding: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Encoding of a CSV that is not UTF-8, such as cp1252.", rich_help_panel=FORM),
]
Decimal: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Decimal point of a CSV: '.' or ','; detected by default.", rich_help_panel=FORM),
]
Thousands: TypeAlias = Annotated[
    str | None, typer.Option(help="Thousands separator of a CSV: ',' in 1,234.5.", rich_help_panel=FORM)
]
NaValues: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--na-values",
        metavar="TEXT",
        help="Text that means a missing cell; repeatable.",
        rich_help_panel=FORM,
    ),
]
Dates: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--dates",
        metavar="FORMAT",
        help="Format of text dates that are not ISO, such as %d.%m.%Y; repeatable.",
        rich_help_panel=FORM,
    ),
]

Drop: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--drop", metavar="COLUMN", help="Leave this column out; repeatable.", rich_help_panel=COLUMNS
    ),
]
AllowTiny: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--allow-tiny",
        help="Learn a table of fewer than 5 rows; the model then holds its values.",
        rich_help_panel=COLUMNS,
    ),
]
MaxCategories: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1, help="Keep only this many values of a text column, the most frequent.", rich_help_panel=COLUMNS
    ),
]


class InfiniteRule(str, Enum):
    """What becomes of infinite numbers."""

    error = "error"
    missing = "missing"
    clip = "clip"


Infinite: TypeAlias = Annotated[
    InfiniteRule,
    typer.Option(
        help="How to treat infinite numbers; clip: to the largest finite one.", rich_help_panel=COLUMNS
    ),
]

TimeBudget: TypeAlias = Annotated[
    float | None, typer.Option(help="Seconds after which the evaluation starts no further question.")
]

Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Overwrite existing files.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Show only warnings and errors.")]
Debug: TypeAlias = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
