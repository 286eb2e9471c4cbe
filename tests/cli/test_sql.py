"""Tables of databases, in and out: a real PostgreSQL and SQLite."""

from __future__ import annotations

import datetime as dt
import decimal
import sqlite3
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from tabgan_cli.failures import CommandError, Exit
from tabgan_cli.paths import check_inputs, check_outputs
from tabgan_cli.places import Place
from tabgan_cli.table_file import read_table, table_writer

from tests.cli.calling import Call
from tests.cli.postgres import PASSWORD, running_postgres


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, running_postgres() as url:
        patch.setenv("PGPASSWORD", PASSWORD)
        yield url


@pytest.fixture(params=["postgresql", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, but for what other tests have left in PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.db'}"
    found: str = request.getfixturevalue("postgres")
    return found


@pytest.fixture
def orders() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "whole": pd.array([2**60 + 1, None, -3], dtype="Int64"),
            "n": np.array([1, 2, 3], dtype="int64"),
            "rate": [0.1, None, -1e300],
            "ok": [True, False, True],
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "zip": ["00123", None, 'a "quote", 100 %s :x\nbreak'],
            "empty": ["", "x", "'"],
            "at": pd.array(
                ["2024-01-31T10:00:00.123456", None, "1848-03-18T00:00:00"], dtype="datetime64[us]"
            ),
            'odd, :name% "x"': ["a", "b", "c"],
        }
    )


def write(place: str, *tables: pd.DataFrame, replaces: bool = True) -> Place:
    with table_writer(Place(place), replaces=replaces) as rows:
        for table in tables:
            rows(table)
    return Place(place)


def refused(place: str) -> str:
    with pytest.raises(CommandError) as caught:
        read_table(Place(place))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def tables_of(url: str) -> set[str]:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+pg8000:").replace("@", f":{PASSWORD}@"))
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_types_and_missing_cells_survive(url: str, orders: pd.DataFrame) -> None:
    found = read_table(write(f"{url}#orders", orders)).rows
    pd.testing.assert_frame_equal(found, orders, check_exact=True)


def test_zones_dates_decimals_and_categories(url: str) -> None:
    moments = (
        pd.to_datetime(["2024-01-31 10:00", "2024-07-31 10:00"]).tz_localize("Europe/Rome").as_unit("us")
    )
    prices = [decimal.Decimal("1.50"), decimal.Decimal("-2.25")]
    rows = pd.DataFrame(
        {
            "at": moments,
            "fine": moments.as_unit("ns"),
            "day": pd.array([dt.date(2024, 1, 31), None], dtype=pd.ArrowDtype(pa.date32())),
            "price": pd.array(prices, dtype=pd.ArrowDtype(pa.decimal128(10, 2))),
            "kind": pd.Categorical(["x", None]),
            "small": np.array([1, 255], dtype="uint8"),
            "pause": pd.to_timedelta([1, 2], unit="h"),
            "none": [None, None],
        }
    )
    found = read_table(write(f"{url}#kinds", rows)).rows
    assert (found["at"] == rows["at"]).all()
    assert (found["fine"] == rows["fine"]).all()
    assert pd.to_datetime(found["day"])[0] == pd.Timestamp("2024-01-31")
    assert found["price"].astype(float).tolist() == [1.5, -2.25]
    assert (found["price"].dtype == "float64") == url.startswith("sqlite")
    assert found["kind"].tolist()[0] == "x"
    assert found["small"].tolist() == [1, 255]
    assert found["pause"].tolist() == ["0 days 01:00:00", "0 days 02:00:00"]
    assert found.isna().sum().tolist() == [0, 0, 1, 0, 1, 0, 0, 2]


def test_batches_make_one_table_and_no_rows_an_empty_one(url: str, orders: pd.DataFrame) -> None:
    big = pd.concat([orders] * 5_500, ignore_index=True)  # more than a block
    found = read_table(write(f"{url}#orders", orders, big)).rows
    pd.testing.assert_frame_equal(found, pd.concat([orders, big], ignore_index=True))
    empty = read_table(write(f"{url}#orders", orders.iloc[:0])).rows
    assert (list(empty), len(empty)) == (list(orders), 0)


def test_queries_are_read_and_change_nothing(url: str, orders: pd.DataFrame) -> None:
    write(f"{url}#orders", orders)
    query = "SELECT n * 2 AS twice, zip, '10:30' AS t FROM orders WHERE zip LIKE '%:x%' OR n = 1 ORDER BY n"
    rows = read_table(Place(f"{url}#{query}")).rows
    assert rows["twice"].tolist() == [2, 6]
    assert rows["t"].tolist() == ["10:30"] * 2
    with_rows = "WITH few AS (SELECT n FROM orders WHERE n < 3) SELECT * FROM few"
    assert sorted(read_table(Place(f"{url}#{with_rows}")).rows["n"]) == [1, 2]
    if url.startswith("postgresql"):
        assert "must not" in refused(
            f"{url}#WITH gone AS (DELETE FROM orders RETURNING n) SELECT * FROM gone"
        )
    assert len(read_table(Place(f"{url}#orders")).rows) == 3


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_what_is_not_finished_leaves_the_old_table(
    url: str, orders: pd.DataFrame, error: type[BaseException]
) -> None:
    write(f"{url}#orders", orders)
    before = tables_of(url)

    def fail() -> None:
        with table_writer(Place(f"{url}#orders")) as rows:
            rows(orders.head(1))
            raise error

    with pytest.raises(error):
        fail()
    assert len(read_table(Place(f"{url}#orders")).rows) == 3
    assert tables_of(url) == before


def test_a_table_is_not_replaced_unless_forced(url: str, orders: pd.DataFrame) -> None:
    place = write(f"{url}#orders", orders)
    with pytest.raises(CommandError, match="--force") as caught:
        check_outputs(place, inputs=(), force=False)
    assert caught.value.code == Exit.INPUT_OUTPUT
    check_outputs(place, inputs=(), force=True)
    check_inputs(place)
    with pytest.raises(CommandError, match="already exists"):
        write(f"{url}#orders", orders, replaces=False)
    with pytest.raises(CommandError, match="named twice"):
        check_outputs(place, inputs=(place,), force=True)


def test_errors_are_one_line_without_password_or_cell(url: str, orders: pd.DataFrame) -> None:
    write(f"{url}#orders", orders)
    assert "no such table" in refused(f"{url}#nothing")
    assert "wrong" in refused(f"{url}#SELECT wrong FROM orders")
    assert "name a table or a query" in refused(url)
    with pytest.raises(CommandError, match="not to a query"):
        check_outputs(Place(f"{url}#SELECT 1"), inputs=(), force=True)


def test_columns_of_the_same_name_are_refused(url: str, orders: pd.DataFrame) -> None:
    write(f"{url}#orders", orders)
    assert "'a' (2 times)" in refused(f"{url}#SELECT 1 AS a, 2 AS a")


def test_postgres_tells_no_cell(postgres: str, orders: pd.DataFrame) -> None:
    write(f"{postgres}#orders", orders)
    assert refused(f"{postgres}#SELECT zip::int FROM orders").endswith("refuses a cell (SQLSTATE 22P02).")
    with pytest.raises(CommandError, match="SQLSTATE 22021"):
        write(f"{postgres}#orders", pd.DataFrame({"a": ["secret\0"]}))
    assert len(read_table(Place(f"{postgres}#orders")).rows) == 3


def test_postgres_asks_for_the_password(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "wrong secret")
    told = refused(f"{postgres}#orders")
    assert "password authentication failed" in told
    assert "secret" not in told
    told = refused(f"{postgres.replace('@', ':other secret@')}#orders")
    assert "secret" not in told
    right = postgres.replace("@", f":{PASSWORD.replace(' ', '%20')}@")
    assert read_table(Place(f"{right}#SELECT 1 AS a")).rows["a"].tolist() == [1]


def test_tables_of_a_postgres_schema(postgres: str, orders: pd.DataFrame) -> None:
    engine = sa.create_engine(
        postgres.replace("postgresql:", "postgresql+pg8000:").replace("@", f":{PASSWORD}@")
    )
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS sales")
        connection.exec_driver_sql(
            "CREATE TABLE IF NOT EXISTS kinds_of_postgres AS "
            "SELECT '8e9f2d5e-0000-4000-8000-000000000000'::uuid AS id, 1.50::numeric(8,2) AS price, "
            "'x'::varchar(3) AS v, 1::smallint AS s, 0.5::real AS r"
        )
    engine.dispose()
    for _ in range(2):
        found = read_table(write(f"{postgres}#sales.orders", orders)).rows
        assert len(found) == 3
    row = read_table(Place(f"{postgres}#kinds_of_postgres")).rows.iloc[0]
    assert row.tolist() == ["8e9f2d5e-0000-4000-8000-000000000000", decimal.Decimal("1.50"), "x", 1, 0.5]


@pytest.mark.parametrize(
    ("place", "told", "code"),
    [
        ("postgresql://me:secret@127.0.0.1:1/shop#t", "Can't create a connection", Exit.INPUT_OUTPUT),
        ("postgresql+nothing://me:secret@host/shop#t", "not the URL of a database", Exit.USAGE),
        ("nothing://me:secret@host/shop#t", "not the URL of a database", Exit.USAGE),
        ("oracle+cx_oracle://me:secret@host/shop#t", "there is no driver", Exit.USAGE),
        ("sqlite:////nowhere/shop.db#t", "there is no such file", Exit.INPUT_OUTPUT),
    ],
)
def test_databases_that_are_not_there(place: str, told: str, code: Exit) -> None:
    with pytest.raises(CommandError, match=told) as caught:
        check_inputs(Place(place))
    assert caught.value.code == code
    assert "secret" not in str(caught.value)


def test_only_databases_that_keep_a_table_whole_are_written(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="half written"):
        check_outputs(Place("mysql://me@host/shop#t"), inputs=(), force=True)


def test_files_of_other_programs_that_are_no_sqlite(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"secret" * 1000)
    assert "not a database" in refused(f"sqlite:///{tmp_path / 'a.db'}#t")


def test_a_database_that_is_not_written_is_not_made(tmp_path: Path, orders: pd.DataFrame) -> None:
    place = Place(f"sqlite:///{tmp_path / 'new.db'}#t")
    check_outputs(place, inputs=(), force=False)
    assert list(tmp_path.iterdir()) == []

    def fail() -> None:
        with table_writer(place) as rows:
            rows(orders)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_loose_types_of_sqlite(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("CREATE TABLE t (n INTEGER, d DATE, flag BOOLEAN, s)")
        connection.executemany(
            "INSERT INTO t VALUES (?, ?, ?, ?)", [(1, "2024-01-31", 1, "007"), (None,) * 4]
        )
    connection.close()
    rows = read_table(Place(f"sqlite:///{tmp_path / 'a.db'}#t")).rows
    assert rows.dtypes.astype(str).tolist()[:3] == ["Int64", "datetime64[s]", "boolean"]
    assert rows["s"].tolist()[0] == "007"


def test_from_a_database_to_a_database(url: str, call: Call, census: pd.DataFrame, tmp_path: Path) -> None:
    write(f"{url}#census", census)
    model = tmp_path / "m.tabgan"
    told = call("fit", f"{url}#census", "-m", model, "--max-seconds", "1", "-q")
    assert told.code == 0, told.err
    out = f"{url}#synthetic_of_{'sqlite' if 'sqlite' in url else 'postgres'}"
    told = call("sample", model, "-n", "20", "-o", out)
    assert told.code == 0, told.err
    assert "Wrote 20 rows" in told.err
    assert PASSWORD not in told.err
    assert list(read_table(Place(out)).rows) == list(census)
    told = call("sample", model, "-n", "20", "-o", out)
    assert (told.code, len(told.err.splitlines())) == (5, 1)
    assert call("sample", model, "-n", "0", "-o", out, "--force", "-q").code == 0
    assert len(read_table(Place(out)).rows) == 0


def test_text_that_is_not_utf8_is_not_shown(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE t (name TEXT)")
        database.execute("INSERT INTO t VALUES (CAST(x'736563726574ff' AS TEXT))")
    told = refused(f"sqlite:///{tmp_path / 'a.db'}#t")
    assert "column 'name' holds text that is not UTF-8" in told
    assert "secret" not in told


@pytest.mark.parametrize("cell", ["TIME '24:00:00'", "INTERVAL '1000000000 days'"])
def test_a_cell_that_python_has_no_value_for_is_not_shown(postgres: str, cell: str) -> None:
    _, _, told = refused(f"{postgres}#SELECT {cell} AS x").partition(" AS x: ")
    assert told.startswith("the driver of the database cannot read a cell.")


def test_a_driver_warns_of_no_cell(postgres: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_table(Place(f"{postgres}#SELECT TIMESTAMP '0044-03-15 BC' AS x")).rows) == 1


def test_infinite_decimals_are_read(postgres: str) -> None:
    rows = read_table(Place(f"{postgres}#SELECT 'Infinity'::numeric AS x UNION SELECT 1.5 ORDER BY x")).rows
    assert rows["x"].tolist() == [decimal.Decimal("1.5"), decimal.Decimal("Infinity")]
