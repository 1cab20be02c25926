# Two commands do everything: `make demo` shows the main job, `make test` passes the tests. Both set up what is missing.
SHELL := /bin/bash
PYTHON := .venv/bin/python
# Compiled modules are kept: the tests start many processes, and each would compile all of cardsvc again.
unexport PYTHONDONTWRITEBYTECODE

# What keeps its data in the database runs on both databases; the rest once.
ON_POSTGRESQL := tests/service tests/day tests/hall tests/store tests/ledger tests/money tests/procedures/test_torn_money.py tests/web

# Of these every statement is said by others too, they move no money of their own, and in them nothing happens at the same time:
# on PostgreSQL in the long run alone.
SAID_BY_OTHERS := $(addprefix tests/service/, bulk/test_bulk_excel.py cards/test_card_requests.py cards/test_in_between.py \
  cards/test_renewal.py cards/test_faces.py) $(addprefix tests/web/, test_bulk_page.py \
  test_card_window.py test_card_window_more.py test_form_day.py test_fuzz.py test_hall_book.py test_handouts_api.py \
  test_mtls.py test_nginx.py test_orders.py test_overflow.py test_passkeys.py test_refund_page.py test_staff_pages.py \
  test_stock_page.py test_topup_page.py)

# Two more than CI has processors: browser tests and those of killed processes wait half of their time.
TEST_PROCESSES := 4

.PHONY: demo test soak fuzz fuzz-guided serve bench lint setup lock clean

setup:
	@scripts/setup

demo: setup
	@.venv/bin/cardsvc demo

serve: setup
	@.venv/bin/cardsvc serve --demo

bench: setup
	@.venv/bin/cardsvc bench

lint: setup
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports --no-cache

test: lint
	$(PYTHON) -m pytest -n $(TEST_PROCESSES)
	$(PYTHON) -m pytest -n $(TEST_PROCESSES) --database postgresql $(ON_POSTGRESQL) $(addprefix --ignore=, $(SAID_BY_OTHERS))

# The long run before a release: every property on 30 times as many examples (half an hour), all that keeps data on PostgreSQL,
# cards that grow old, the money machine through 300 cities (a quarter of an hour), every repair torn at every point (forty
# minutes), every other job torn at every point on both families, and 1,000 top-ups while service, clients and database are killed
# at random moments.
soak: setup
	CARDSVC_EXAMPLES_TIMES=30 $(PYTHON) -m pytest -n 2 -m hypothesis --timeout 3600
	CARDSVC_EXAMPLES_TIMES=3 $(PYTHON) -m pytest -n 2 --database postgresql $(ON_POSTGRESQL)
	CARDSVC_EXAMPLES_TIMES=10 $(PYTHON) -m pytest -n 2 tests/diagnosis/test_healthy.py --timeout 3600
	$(PYTHON) -m pytest tests/money --money-runs 300 --timeout 3600
	$(PYTHON) -m pytest tests/diagnosis/test_torn_repair.py --repair-tears all --timeout 3600
	CARDSVC_EVERY_TEAR=1 $(PYTHON) -m pytest -n 2 tests/procedures tests/service/purse/test_orders.py tests/cli/test_old_card_cli.py --timeout 3600
	$(PYTHON) -m pytest -s tests/kills --topups 1000 --timeout 3600
	.venv/bin/cardsvc terminal certify --self

# A million inputs for every parser and for a diagnosis: changed answers of real cards, and cards that mean harm.
fuzz: setup
	nice -n 10 $(PYTHON) -m pytest -s -n 0 tests/fuzz --fuzz-inputs 1000000 --timeout 14400

# The parsers once more, guided by the code that an input reaches; fetches Atheris (a wheel for Python 3.11 to 3.13) first.
fuzz-guided: setup
	$(PYTHON) -m pip install --quiet --only-binary :all: --group fuzz
	nice -n 10 $(PYTHON) -m tests.fuzz.guided

lock:
	$(PYTHON) -m piptools compile -q --generate-hashes --strip-extras --allow-unsafe --extra dev --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
