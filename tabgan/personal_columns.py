"""What becomes of personal columns: recognised ones are made up, unless somebody decides otherwise."""

from __future__ import annotations

import shlex
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from tabgan.column import Column
from tabgan.errors import SchemaError
from tabgan.inference import infer_column
from tabgan.personal.forms import FORMS
from tabgan.personal.recognition import recognise_birth_date, recognise_header
from tabgan.schema import Schema

LEARN, DROP = "learn", "drop"
CHOICES = (LEARN, DROP, *FORMS)
DECLARE = "Declare its kind (--schema) to have it learned"

Decisions = Mapping[Hashable, str]


def decide(
    schema: Schema, df: pd.DataFrame, decisions: Decisions, locale: str | None
) -> tuple[Schema, pd.DataFrame, list[str]]:
    """Schema and table of the columns that are kept, every decision carried out, and what to tell of it.

    Raises: SchemaError for a column that there is not, a decision that there is not, or no column left.
    """
    _check(decisions, df)
    columns = _carried_out(schema.columns, df, decisions, locale)
    schema = replace(schema, columns=columns)
    return schema, df[list(schema.names)], decisions_told(schema, decisions)


def decide_by_header(
    declared: Schema | None, df: pd.DataFrame, decisions: Decisions, locale: str | None
) -> tuple[Schema, pd.DataFrame]:
    """As `decide`, for what is declared and every further column whose name alone says it is personal.

    Privacy: no cell is looked at; names of columns are public.
    Raises: SchemaError, also where a column is to be learned that is declared an identifier.
    """
    _check(decisions, df)
    known = Schema(()) if declared is None else declared
    further = [_by_header(name, decisions.get(name)) for name in df.columns if name not in known]
    for column in known:
        if column.kind == "identifier" and decisions.get(column.name) == LEARN:
            raise SchemaError(f"Column {column.name!r} is declared an identifier. Declare how it is learned.")
    columns = (*known.columns, *(column for column in further if column is not None))
    schema = replace(known, columns=_carried_out(columns, df, decisions, locale))
    return schema, df[[name for name in df.columns if decisions.get(name) != DROP]]


def _check(decisions: Decisions, df: pd.DataFrame) -> None:
    for name, decision in decisions.items():
        if name not in df.columns:
            raise SchemaError(f"personal names a column {name!r}, which the table does not have.")
        if decision not in CHOICES:
            told = f"personal takes one of {', '.join(CHOICES)}, got {decision!r}"
            raise SchemaError(f"Column {name!r}: {told}.")
    if len(df.columns) and all(decisions.get(name) == DROP for name in df.columns):
        raise SchemaError("Every column is dropped. Keep at least one.")


def _by_header(name: Hashable, decision: str | None) -> Column | None:
    if decision in FORMS:
        return Column(name, "identifier", "str")
    found = recognise_header(name)
    if found is None or decision is not None:
        return None
    return Column(name, "identifier", "str", personal=found.form, reason=str(found))


def _carried_out(
    columns: Sequence[Column], df: pd.DataFrame, decisions: Decisions, locale: str | None
) -> tuple[Column, ...]:
    kept = [column for column in columns if decisions.get(column.name) != DROP]
    told = [_decided(column, decisions.get(column.name), df) for column in kept]
    return tuple(_in_locale(column, locale) for column in told)


def _decided(column: Column, decision: str | None, df: pd.DataFrame) -> Column:
    if decision == LEARN and column.kind == "identifier":
        return infer_column(column.name, df[column.name], may_be_personal=False, min_rows=1)
    return _as_identifier(column, decision) if decision in FORMS else column


def _as_identifier(column: Column, form: str) -> Column:
    """The column as one of personal data of that form, whatever it was declared or taken for."""
    return Column(
        column.name,
        "identifier",
        column.dtype,
        missing=column.missing,
        element=column.element,
        personal=form,
        reason=f"{FORMS[form]}: declared",
    )


def _in_locale(column: Column, locale: str | None) -> Column:
    is_open = column.personal is not None and column.locale is None and locale is not None
    return replace(column, locale=locale) if is_open else column


def decisions_told(schema: Schema, decisions: Decisions) -> list[str]:
    """A warning for every personal column: what it was taken for, how surely, and what becomes of it."""
    told = [f"Column {name!r} is dropped, as asked." for name, choice in decisions.items() if choice == DROP]
    for column in schema:
        who = f"Column {column.name!r}"
        if column.name in decisions:
            if decisions[column.name] == LEARN and column.kind == "identifier":
                told.append(f"{who} is not learned, though that was asked: {column.reason}. {DECLARE}.")
            elif decisions[column.name] == LEARN:
                told.append(f"{who} is learned, as asked, though it may identify people.")
        elif column.personal is not None:
            form = FORMS[column.personal]
            why = (
                column.reason if column.reason.startswith(form) else f"{form} ({column.reason or 'declared'})"
            )
            option = shlex.quote(f"{column.name}={LEARN}")
            told.append(
                f"{who} holds {why}. It is not learned; made-up values take its place. "
                f'To overrule that, set personal to "learn" or "drop" (--personal {option}).'
            )
        elif column.kind != "identifier" and recognise_birth_date(column.name) is not None:
            told.append(
                f"{who} holds dates of birth. It is learned, though together with other columns it may "
                'identify people. To leave it out, set personal to "drop" (--drop).'
            )
    return told
