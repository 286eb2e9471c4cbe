"""`tabgan inspect`: what a model file says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tabgan_cli import options
from tabgan_cli.failures import reports_failures

if TYPE_CHECKING:
    from tabgan.model_file import ModelFile

SHOWN_EPOCHS = 5
NO_GUARANTEE = "No formal guarantee."
WITHOUT = (
    "No formal guarantee of privacy: the model was trained without epsilon, so the influence of single rows "
    "was never bounded. The attacks of `tabgan evaluate` may find a leak; they cannot rule one out."
)


@reports_failures
def inspect(model: options.ModelArgument, debug: options.Debug = False) -> None:
    """Show what a model file holds: columns, training, every private release, hashes."""
    del debug
    # Only the file is read, no network is built, so torch is not needed.
    from tabgan_cli import paths, terminal

    from tabgan.errors import ModelFileError, TabganError
    from tabgan.model_file import read_model
    from tabgan.schema import Schema

    paths.check_inputs(model)
    content = read_model(model)
    try:
        schema = Schema.from_dict(content.schema)
    except TabganError as error:
        raise ModelFileError(f"{model} does not hold a whole model: {error}") from None
    manifest = content.manifest
    columns = [(str(column.name), column.kind, column.dtype) for column in schema]
    hashes = [(name, str(value)) for name, value in manifest["sha256"].items()]
    terminal.print_table(str(model), ("fact", "value"), _facts(content, model.stat().st_size))
    _print_privacy(manifest)
    terminal.print_table("Columns", ("column", "kind", "type"), columns)
    terminal.print_table("Training settings", ("setting", "value"), _settings(manifest.get("parameters")))
    if records := _records(manifest.get("history")):
        heads = list(dict.fromkeys(key for record in records for key in record))
        rows = [[_shown(record.get(head, "")) for head in heads] for record in _few(records)]
        terminal.print_table("Losses", heads, rows)
    terminal.print_table("SHA-256", ("member", "hash"), hashes)


def _print_privacy(manifest: Mapping[str, Any]) -> None:
    """Every release with its cost, the budget, the spend, and whether adding up again agrees."""
    from tabgan_cli import releases, terminal

    from tabgan.privacy.ledger import Ledger, verdict

    values = manifest.get("ledger")
    if not isinstance(values, dict):
        terminal.print_table("Privacy", ("guarantee",), [(WITHOUT,)])
        return
    judged = verdict(values)
    facts = [("verdict", str(judged))]
    if judged.recomputed is not None:
        ledger = Ledger.from_dict(values)
        shown = releases.rows_of(ledger.entries, ledger.delta)
        terminal.print_table("Releases: everything the model knows about the rows", releases.HEADS, shown)
        facts = [
            ("unit", f"{ledger.unit}; neighbouring tables: {ledger.neighbours}"),
            ("budget", f"epsilon {ledger.epsilon:g} at delta {ledger.delta:g}"),
            ("spent in total", str(judged.recomputed)),
            *facts,
        ]
    terminal.print_table("Privacy", ("fact", "value"), facts)


def _facts(content: ModelFile, n_bytes: int) -> list[tuple[str, str]]:
    from tabgan_cli.tables import CsvStyle

    manifest = content.manifest
    n_numbers = sum(tensor.size for tensor in content.tensors.values())
    warnings = manifest.get("warnings")
    facts = [
        ("written by", f"tabgan {manifest.get('tabgan_version', 'of unknown version')}"),
        ("format version", str(manifest["format_version"])),
        ("file size", f"{n_bytes:,} bytes"),
        ("rows learned from", f"about {_shown(manifest.get('rows', 'unknown'))}"),
        ("columns", str(len(content.schema["columns"]))),
        ("weights", f"{n_numbers:,} numbers in {len(content.tensors)} tensors"),
        ("seed", str(manifest.get("seed", "unknown"))),
        ("privacy", str(manifest.get("privacy", NO_GUARANTEE))),
    ]
    if "csv" in manifest:
        facts.append(("files are read with", str(CsvStyle.from_dict(manifest["csv"]))))
    return facts + [("warning", str(line)) for line in (warnings if isinstance(warnings, list) else [])]


def _settings(parameters: object) -> list[tuple[str, str]]:
    """The settings that were chosen; a dash where none was."""
    if not isinstance(parameters, dict):
        return []
    return [(str(name), "–" if value is None else _shown(value)) for name, value in parameters.items()]


def _records(history: object) -> list[dict[str, Any]]:
    if not isinstance(history, list):
        return []
    return [record for record in history if isinstance(record, dict)]


def _few(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Some epochs of every phase, evenly spread, the last one among them."""
    few = []
    for _, group in groupby(records, key=lambda record: str(record.get("phase", ""))):
        phase = list(group)
        step = -(-len(phase) // SHOWN_EPOCHS)
        few += phase[::-1][::step][::-1]
    return few


def _shown(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
