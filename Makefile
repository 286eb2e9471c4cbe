# On a machine with only python3 and make: `make demo`. Every target first builds .venv when it is missing
# or older than pyproject.toml or constraints.txt. Another Python: make test PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test pytest slow oldest browser postgresql check format bench bench-full bench-ours clean

help:
	@echo "make demo    learn the Adult census table, write a synthetic one and a report into demo/"
	@echo "make test    check, then all tests (installs Chromium and PostgreSQL for some of them, where it can)"
	@echo "make slow    the long tests: commands killed at fifty moments, large tables"
	@echo "make oldest  the tests of make test with the oldest pandas, NumPy and Arrow that are supported"
	@echo "make check   format, lint, types, who imports whom"
	@echo "make format  rewrite the code in the house format"
	@echo "make bench   compare with others on three tables, here, under half an hour: benchmarks/mine/README.md"
	@echo "make bench-full  the same with every table and method, private ones too, and three seeds: days"
	@echo "             both go on where they stopped; make bench DATA=my/folder TARGET=column: tables of your own"
	@echo "make bench-ours  quality, speed and robustness of this project alone, into benchmarks/results/"
	@echo "make clean   remove .venv, .venv-oldest and everything built"

# The link lets mypy see cli/ as the import package it is installed as.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	mkdir -p .mypy_path && ln -sfn ../cli .mypy_path/tabgan_cli
	touch $@

demo: $(READY)
	mkdir -p demo
	$(BIN)/tabgan run examples/data/adult.csv.gz --output demo/synthetic.csv --target income --seed 0 \
		--model demo/adult.tabgan --report demo/report.html --force
	@echo
	@echo "synthetic table  demo/synthetic.csv"
	@echo "model            demo/adult.tabgan"
	@echo "report           demo/report.html"

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p tabgan -p tabgan_cli
	$(BIN)/lint-imports --no-logo

# The checks run beside the tests: the types alone take more than a minute of one core.
test: $(READY) browser postgresql
	@$(MAKE) --no-print-directory --jobs=2 check pytest

# --dist worksteal: a worker keeps neighbouring tests, so that what a file sets up is set up once.
pytest: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal -m "not slow"

slow: $(READY) browser postgresql
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal -m slow

# NumPy 1.26 has no wheels for Python 3.13 and newer: make oldest PYTHON=python3.11
oldest: browser postgresql
	test -x .venv-oldest/bin/python || $(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --constraint tests/oldest.txt --editable ".[test]"
	OMP_NUM_THREADS=1 .venv-oldest/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal -m "not slow"

# One test opens the report in a browser. Chromium is installed where that can be done: by root, on Debian.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core; } \
		|| echo "NO CHROMIUM: the report will not be opened in a browser. On Debian: apt-get install chromium" >&2

# Some tests write to a database server, which they start and stop themselves, without root, on loopback.
postgresql:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
		|| { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qq -y --no-install-recommends postgresql; } \
		|| echo "NO POSTGRESQL: its tests will be left out. On Debian: apt-get install postgresql" >&2

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Peers are installed into benchmarks/.peers on first use. What has a result there already is not run again.
# Half an hour is the limit of make bench: 25 minutes less what installing .venv took.
BEGUN := $(shell date +%s)
MINE = $(if $(DATA),--data "$(DATA)" $(if $(TARGET),--target "$(TARGET)"),--results benchmarks/mine)

bench: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.compare $(MINE) --quick --seeds 0 1 2 \
		--minutes $$((25 - ($$(date +%s) - $(BEGUN)) / 60))

bench-full: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.compare $(MINE) --seeds 0 1 2 --epsilon 0.5 1 3 10

bench-ours: $(READY)
	$(BIN)/python -m benchmarks.quality
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.robustness --few

clean:
	rm -rf .venv .venv-oldest .mypy_path .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf build dist demo *.egg-info benchmarks/cache benchmarks/.peers
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
