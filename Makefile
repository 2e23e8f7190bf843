# Every command of the project. `make` alone lists them.

PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
ARGS ?=
PORT ?= 3000
SEEDS ?= 200
MINUTES ?= 10

.DEFAULT_GOAL := help
.PHONY: help demo dev unit test attack chaos chaos-profile kill-telemetry fuzz audit corpus oldest-duckdb check requirements reference coverage ground-truth screenshots bench-orchestration bench-archive bench-fetch bench-ledger bench-discovery bench-transform bench-publish bench-upload bench-telemetry bench-report clean python services bench-millions bench-scale

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: python ## run the sample collection through Dagster into an embedded repository (ARGS=--keep: go on serving it)
	.venv/bin/cern-assets demo $(ARGS)

dev: python ## the demo, with Dagster's UI at http://127.0.0.1:3000 until Ctrl-C (PORT=3001: elsewhere)
	.venv/bin/cern-assets demo --ui $(PORT) $(ARGS)

unit: python ## the tests that need nothing but Python, in under a minute
	$(PYTEST) -q -m "not service" --ignore cern_assets_tests/integration -n 3 --dist loadfile $(ARGS)

test: python services ## all tests, with real XRootD, PostgreSQL, InvenioRDM and a browser
	$(PYTEST) -n 3 --dist loadscope --no-loadscope-reorder $(ARGS)

attack: python services ## run the attacks of SECURITY.md against running pieces, and print what each guard did
	$(PYTHON) scripts/attack.py $(ARGS)

corpus: python services ## publish the deposits of all real records in a real InvenioRDM, and compare what comes back
	CERN_ASSETS_TEST_CORPUS=all $(PYTEST) cern_assets_tests/integration/test_corpus_on_inveniordm.py $(ARGS)

fuzz: python ## throw changed inputs at every parser of outside bytes (MINUTES=10: for so long)
	nice $(PYTHON) scripts/fuzz.py $(MINUTES)

audit: python ## ask osv.dev for known vulnerabilities of the pinned packages (says so where it cannot be reached)
	$(PYTHON) scripts/audit.py

check: python ## style, types and the rules of who may import whom
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/mypy deploy/invenio/run.py deploy/postgres/cluster.py benchmarks/*.py
	.venv/bin/lint-imports

requirements: ## lock the Python packages again (ARGS=--upgrade: with their newest versions)
	scripts/requirements $(ARGS)

vocabularies: python services ## bring ids and titles of the vocabularies up to date with those of the pinned InvenioRDM
	.venv-invenio/bin/python scripts/vocabularies.py

reference: python ## write the generated pages of docs/reference again
	$(PYTHON) -m cern_assets.metadata.reference opendata docs/reference/coverage-opendata.json > docs/reference/crosswalk-opendata.md
	$(PYTHON) -m cern_assets.metadata.reference cds docs/reference/coverage-cds.json > docs/reference/crosswalk-cds.md
	$(PYTHON) -m cern_assets.metadata.reference zenodo docs/reference/coverage-zenodo.json > docs/reference/crosswalk-zenodo.md
	$(PYTHON) -m cern_assets.metadata.custom_field_files
	$(PYTHON) -m cern_assets.audit.reference opendata cds zenodo > docs/reference/audit-rules.md
	$(PYTHON) -m cern_assets.cli.reference > docs/reference/commands.md
	$(PYTHON) -m cern_assets.stand_ins.sample.pages > docs/reference/five-records.md

coverage: python ## count again, over the real records beside the checkout, what becomes of each field (then: make reference)
	mkdir -p .cache
	.venv/bin/cern-assets transform --json --coverage ../shared/data/opendata/records.jsonl.gz > .cache/coverage.json
	$(PYTHON) -m json.tool .cache/coverage.json docs/reference/coverage-opendata.json
	.venv/bin/cern-assets transform --source cds --json --coverage ../shared/data/cds-legacy-dump/records/*.json \
		../shared/data/cds-marcxml/records/*.xml > .cache/coverage.json
	$(PYTHON) -m json.tool .cache/coverage.json docs/reference/coverage-cds.json
	.venv/bin/cern-assets transform --source zenodo --json --coverage ../shared/data/zenodo-legacy-deposit/records/*.json \
		../shared/data/zenodo-legacy-internal/records/*zenodo_record_data.json > .cache/coverage.json
	$(PYTHON) -m json.tool .cache/coverage.json docs/reference/coverage-zenodo.json

ground-truth: python ## score the crosswalks on records that others have migrated, and write docs/reference/ground-truth.md
	$(PYTHON) -m cern_assets_tests.ground_truth

screenshots: python services ## take the pictures of docs/images again
	CERN_ASSETS_TEST_SCREENSHOTS=$(CURDIR)/docs/images $(PYTEST) cern_assets_tests/integration/test_dagster_ui.py \
		cern_assets_tests/integration/test_unattended.py cern_assets_tests/integration/test_report_page.py

bench-orchestration: python ## what Dagster costs a recid, beside the stock way and the flows alone (ARGS=--json, --check: as for all)
	$(PYTHON) benchmarks/orchestration.py $(ARGS)

bench-millions: python ## a million recids through a collection of segments, killed once in the middle
	$(PYTHON) benchmarks/millions.py $(ARGS)

bench-scale: python ## what 50,000 recids cost Dagster's pages, and backfills through its daemon, on PostgreSQL
	$(PYTHON) benchmarks/scale.py $(ARGS)

bench-archive: python services ## what packing costs, from an XRootD server to it and locally, beside zip and by hand
	$(PYTHON) benchmarks/archive.py $(ARGS)

bench-fetch: python services ## what fetching costs, large, small and huge files, beside xrdcp and cernopendata-client
	$(PYTHON) benchmarks/fetch.py $(ARGS)

bench-upload: python ## 100 GiB through one stream and through parts: memory of both ends, and pace beside a bare client
	$(PYTHON) benchmarks/upload.py $(ARGS)

bench-publish: python ## what publishing costs, an upload and small records, beside bare clients and nrp-cmd
	$(PYTHON) benchmarks/publish.py $(ARGS)

bench-ledger: python ## what the ledger costs over 200,000 recids and a million events, beside DuckDB alone
	$(PYTHON) benchmarks/ledger.py $(ARGS)

bench-discovery: python ## what a tick of the sensor costs over 50,000 recids, beyond the listing
	$(PYTHON) benchmarks/discovery.py $(ARGS)

bench-report: python ## how fast the report of the visible corpus opens, and how large it is
	$(PYTHON) benchmarks/page.py $(ARGS)

bench-telemetry: python ## what telling costs, beside one DuckDB file, and how long questions about ten million events take
	$(PYTHON) benchmarks/telemetry.py $(ARGS)

bench-transform: python ## records a second and core through the crosswalk, beside reading and copying them
	$(PYTHON) benchmarks/transform.py $(ARGS)

oldest-duckdb: python ## the tests of telemetry with the oldest DuckDB that is supported, installed beside the pinned one
	$$(scripts/find-uv) pip install --quiet --python $(PYTHON) --target .cache/oldest-duckdb 'duckdb==1.5.*'
	PYTHONPATH=.cache/oldest-duckdb $(PYTHON) -c 'import duckdb; print("DuckDB", duckdb.__version__)'
	PYTHONPATH=.cache/oldest-duckdb $(PYTEST) -q cern_assets_tests/unit/telemetry cern_assets_tests/unit/report $(ARGS)

kill-telemetry: python ## writers of events and compaction killed at random points (SEEDS=50): each event is read once
	@CERN_ASSETS_TEST_SEEDS=$(SEEDS) nice $(PYTHON) -m pytest -n 0 -q cern_assets_tests/unit/telemetry/test_compaction.py -k killed

chaos-profile: python ## which part of a seed of chaos costs how much CPU (SEEDS=40: of so many)
	@$(PYTHON) -m cern_assets_tests.chaos.profile $(SEEDS)

chaos: python ## faults, kills and a second worker by seed, against a model (SEEDS=10000: so many; SEED=7: that one)
	@nice $(PYTHON) -m cern_assets_tests.chaos $(if $(SEED),$(SEED) 1,1 $(SEEDS)) 2>$(or $(LOG),/dev/null)

clean: ## delete everything that the commands have made, the demo's data included
	rm -rf .venv .venv-invenio .cern-assets .cache dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@scripts/setup-python

services:
	@scripts/setup-services
