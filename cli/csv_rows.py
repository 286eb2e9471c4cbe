"""CSV files as columns of text: separator and encoding found, every row checked, no cell changed."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pyarrow as pa
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.formula_guard import unguarded, unguarded_cells
from tabgan_cli.packing import open_unpacked
from tabgan_cli.places import Place

from tabgan.free_memory import free_memory

SEPARATORS = (",", ";", "\t", "|")
_SNIFF_ROWS = 100
_ROWS = 16_384  # read at a time
_BLOCK_BYTES = 2**20
# A longer line is no table; without a limit a file of one endless line would fill the memory.
_MAX_LINE = 16 * 2**20
_COPIES = 6  # memory that a table may take while it is made, as a multiple of its text
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class CsvText:
    """Header and columns of a file, every cell as it is written there, but for the guard of a formula."""

    names: tuple[str, ...]
    columns: tuple[pa.ChunkedArray, ...]
    separator: str


def read_csv_text(
    path: Path | Place,
    *,
    separator: str | None = None,
    usual_separator: str = SEPARATORS[0],
    encoding: str | None = None,
    dropped: Collection[str] = (),
    row_by_row: bool = False,
) -> CsvText:
    """Read a CSV file, packed or not, or standard input.

    `usual_separator`: that of a file which tells none.
    `encoding`: that of a file which is not UTF-8: what tabgan wrote beside it is UTF-8, and read as such.
    `dropped`: columns that will be left out, whose names may stand there twice.
    `row_by_row`: what a row is, and how it is read, may not depend on the rows around it: blank lines are
    none, and an encoding is taken at its word.

    Raises: CommandError naming the line for rows of another length than the header, quotes that
        do not close, text of another encoding; or the column names that stand there twice.
    """
    place = Place.of(path)
    found = _encoding_of(place, encoding, row_by_row=row_by_row)
    try:
        separator = separator or _sniffed(place, found, usual_separator)
        return _read(place, separator, found, dropped, row_by_row=row_by_row)
    except UnicodeError:
        raise _wrong_encoding(place, encoding, row_by_row=row_by_row) from None


def _read(
    path: Place, separator: str, encoding: str, dropped: Collection[str], *, row_by_row: bool
) -> CsvText:
    with _open_text(path, encoding) as handle:
        rows = _checked_rows(path, handle, separator, row_by_row=row_by_row)
        header = next(rows, None)
        if header is None:
            raise CommandError(Exit.DATA, f"{path} is empty: there is no header line with the column names.")
        names = tuple(map(unguarded, header))
        refuse_repeated(path, names, dropped)
        chunks: list[list[pa.Array]] = [[] for _ in names]
        while block := list(itertools.islice(rows, _ROWS)):
            for column, cells in zip(chunks, zip(*block, strict=True), strict=True):
                column.append(unguarded_cells(pa.array(cells, pa.string())))
    columns = tuple(pa.chunked_array(column, pa.string()) for column in chunks)
    return CsvText(names, columns, separator)


def _checked_rows(path: Place, handle: TextIO, separator: str, *, row_by_row: bool) -> Iterator[list[str]]:
    """The header, then every row; each has as many cells as the header."""
    reader = csv.reader(checked_lines(path, handle), delimiter=separator, strict=True)
    n_names = n_blank = 0
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise CommandError(Exit.DATA, f"{path}, line {line}: {_told(error)}.") from None
        if row is None:
            return
        if not row:
            # Blank lines say nothing, except between the rows of a single column: missing cells.
            n_blank += n_names == 1 and not row_by_row
            continue
        if n_names and len(row) != n_names:
            from tabgan_cli.terminal import counted

            cells, columns = counted(len(row), "cell"), counted(n_names, "column")
            raise CommandError(
                Exit.DATA,
                f"{path}, line {line} has {cells}, but the header names {columns}. "
                "Fix the line, or name the separator with --sep.",
            )
        n_names = n_names or len(row)
        yield from ([""] for _ in range(n_blank))
        n_blank = 0
        yield row


def _told(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a cell is longer than {csv.field_size_limit()} characters, or a quote is not closed"
    return "a quote is not closed, or is followed by other text"


def checked_lines(path: Place, handle: TextIO) -> Iterator[str]:
    """The lines of a text.

    Raises: CommandError for one without end, or with a NUL, or for more of them than the memory holds.
    """
    free, n_read = free_memory(), 0
    for number in itertools.count(1):
        line = handle.readline(_MAX_LINE)
        if not line:
            return
        n_read += len(line)
        if free is not None and n_read * _COPIES > free:
            raise CommandError(
                Exit.DATA,
                f"{path} is too large for this machine: reading it takes about {_COPIES} times its size, and "
                f"{free / 2**30:.1f} GiB are free. Give fewer rows or columns.",
            )
        if len(line) == _MAX_LINE:
            raise CommandError(Exit.DATA, f"{path}, line {number} is longer than {_MAX_LINE} characters.")
        if "\0" in line:
            cure = "If the file is UTF-16, pass --encoding utf-16"
            raise CommandError(Exit.DATA, f"{path}, line {number} holds a NUL character. {cure}.")
        yield line


def refuse_repeated(path: Place, names: Iterable[str], dropped: Collection[str]) -> None:
    """Raise CommandError where two columns have the same name and will not be left out."""
    counts = Counter(name for name in names if name not in dropped)
    repeated = [f"{name!r} ({count} times)" for name, count in counts.items() if count > 1]
    if repeated:
        shown = ", ".join(repeated[:5]) + (f" and {len(repeated) - 5} more" if len(repeated) > 5 else "")
        raise CommandError(
            Exit.DATA,
            f"{path}: several columns share a name: {shown}. Rename them, or leave them out with --drop.",
        )


def _sniffed(path: Place, encoding: str, usual: str) -> str:
    """The separator that cuts most of the first rows like the header, into the most cells; else the usual."""
    if path.is_tabbed:
        return "\t"
    separators = dict.fromkeys((usual, *SEPARATORS))
    scores = {separator: _score(path, encoding, separator) for separator in separators}
    return max(scores, key=scores.__getitem__)  # the first of equals


def separator_of_header(path: Place, encoding: str | None) -> str:
    """The separator that cuts the header into most cells: told by the names of the columns alone."""
    if path.is_tabbed:
        return "\t"
    try:
        with _open_text(path, _encoding_of(path, encoding, row_by_row=True)) as handle:
            header = next(checked_lines(path, handle), "")
    except UnicodeError:
        raise _wrong_encoding(path, encoding, row_by_row=True) from None
    return max(SEPARATORS, key=lambda separator: len(next(csv.reader([header], delimiter=separator), [])))


def _score(path: Place, encoding: str, separator: str) -> tuple[float, int]:
    rows: list[list[str]] = []
    with _open_text(path, encoding) as handle:
        reader = csv.reader(checked_lines(path, handle), delimiter=separator, strict=True)
        # Text of another separator often has quotes in odd places; so has a damaged file.
        with contextlib.suppress(csv.Error):
            rows.extend(row for row in itertools.islice(reader, _SNIFF_ROWS) if row)
    if not rows or len(rows[0]) < 2:
        return 0.0, 1
    alike = sum(len(row) == len(rows[0]) for row in rows[1:])
    return alike / max(len(rows) - 1, 1), len(rows[0])


@contextmanager
def _open_text(path: Place, encoding: str) -> Iterator[TextIO]:
    with open_unpacked(path) as handle:
        # newline="": line breaks inside of quotes stay as they are.
        yield io.TextIOWrapper(handle, encoding=encoding, newline="")


def _encoding_of(path: Place, declared: str | None, *, row_by_row: bool) -> str:
    """What the byte order mark tells, else the one declared, unless the text is UTF-8, else UTF-8."""
    is_other = declared is not None and codecs.lookup(declared).name != "utf-8"
    if declared is not None and is_other and row_by_row:
        return declared
    with open_unpacked(path) as handle:
        start = handle.read(4)
    found = next((encoding for mark, encoding in _BOMS if start.startswith(mark)), "utf-8")
    if declared is not None and is_other and found == "utf-8" and not _is_utf8(path):
        return declared
    return found


def _is_utf8(path: Place) -> bool:
    """Whether the text cannot but be UTF-8: ASCII alone, or a NUL, may be that of other encodings."""
    is_ascii, decoder = True, codecs.getincrementaldecoder("utf-8")()
    with open_unpacked(path) as handle:
        try:
            while block := handle.read(_BLOCK_BYTES):
                decoder.decode(block)
                is_ascii &= block.isascii()
                if b"\0" in block:
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return not is_ascii


def _wrong_encoding(path: Place, declared: str | None, *, row_by_row: bool) -> CommandError:
    encoding = _encoding_of(path, declared, row_by_row=row_by_row)
    where = ""
    if not encoding.startswith(("utf-16", "utf-32")):  # a line break there is more than one byte
        with open_unpacked(path) as handle:
            lines = enumerate(iter(lambda: handle.readline(_MAX_LINE), b""), 1)
            where = next((f", line {number}" for number, line in lines if not _decodes(line, encoding)), "")
    name = encoding.removesuffix("-sig").upper()
    cure = "Name its encoding with --encoding, such as cp1252 or latin-1"
    return CommandError(Exit.DATA, f"{path}{where} is not {name} text. {cure}.")


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeError:
        return False
    return True
