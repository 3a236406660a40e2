# One line a target, `make help` lists them, and CI calls the same ones. Everything lands in .venv,
# build/ and runs/.
PYTHON ?= python3
EMBEDDED := configs/embedded.toml
STUDY ?= $(EMBEDDED)
OUT ?= runs/$(basename $(notdir $(STUDY)))
RUN ?= runs/embedded
# A process on each processor; what one file prepares is prepared once.
PYTEST := .venv/bin/pytest -n logical --maxprocesses 4 --dist loadfile
GNOMON := .venv/bin/gnomon
PIP := .venv/bin/pip install --quiet --disable-pip-version-check
WEB := pipeline/gnomon/report/web
.DEFAULT_GOAL := help

.PHONY: help detect demo report page page-packages test fast lint docs notebooks bench costs kills validate \
	evaluate evaluate-background evaluate-season evaluate-visible train train-freeboard train-radar train-type lock locked test-lowest \
	fuzz sbom audit clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-20s %s\n", $$1, $$2 }' Makefile

detect: .venv/ready $(if $(filter $(EMBEDDED),$(STUDY)),demo)  ## real pixels, then a study: make detect [STUDY=file.toml] [OUT=folder]
	$(if $(filter $(EMBEDDED),$(STUDY)),$(GNOMON) simulate build/embedded)
	$(GNOMON) run $(STUDY) --out $(OUT)

demo: .venv/ready  ## ships in a real scene that travels with the repository, and the score against its labels
	$(GNOMON) demo --out runs/casablanca

report: .venv/ready  ## the evidence page of a run: make report RUN=folder
	$(GNOMON) report $(RUN)

test: .venv/dev lint  ## lint, types, import contracts, every test
	$(PYTEST) -m "not slow"
	$(PYTEST) -m slow

fast: .venv/dev  ## the tests that take seconds
	.venv/bin/pytest -m "not slow" -x -q

MINUTES ?= 60
fuzz: .venv/dev  ## damage files for each reader: make fuzz [MINUTES=60] [READERS="study ports"]
	nice .venv/bin/python tests/fuzz.py --minutes $(MINUTES) $(READERS)

lint: .venv/dev  ## ruff, mypy, import contracts
	.venv/bin/ruff check pipeline tests docs/scripts
	.venv/bin/ruff format --check pipeline tests docs/scripts
	.venv/bin/mypy
	.venv/bin/lint-imports

docs: .venv/docs  ## the site into build/site, every warning an error; no network
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet --config-file configs/mkdocs.yml

notebooks: .venv/dev detect  ## execute the notebooks and store their outputs, which the site shows
	.venv/bin/python docs/scripts/notebooks.py notebooks/*.ipynb

bench: .venv/ready  ## seconds against the floor, decoding the pixels: make bench [PART=plan|memory|scene|loads|seasons]
	.venv/bin/python -m gnomon.validate.bench $(PART)

costs: .venv/ready  ## measure what an image of a port costs by its area, and write docs/costs.md
	.venv/bin/python -m gnomon.validate.costs

KILLS ?= 100
kills: .venv/ready  ## kill runs at random moments, and compare the tables: make kills [KILLS=100], after make detect
	$(if $(wildcard build/embedded/catalog.json),,$(GNOMON) simulate build/embedded)
	.venv/bin/python -m gnomon.validate.kills $(KILLS)

validate: .venv/ready  ## measure freeboards and counts again: make validate [PART=load|freeboard|ships|repeats|seasons|worlds]
	.venv/bin/python -m gnomon.validate $(PART)

evaluate: .venv/ready  ## cross-validate the detector by ports: make evaluate CATALOGS="a.json b.json"
	CATALOGS="$(CATALOGS)" .venv/bin/python -m gnomon.learn.crossval

evaluate-background: .venv/ready  ## measure what a port's background adds: make evaluate-background [MODEL=name]
	.venv/bin/python -m gnomon.learn.crossval.background $(MODEL)

evaluate-visible: .venv/ready  ## measure detection in red, green and blue alone: make evaluate-visible [MODEL=name]
	.venv/bin/python -m gnomon.learn.crossval.visible $(MODEL)

evaluate-season: .venv/ready  ## run ten real dates, write docs/real-season.md: make evaluate-season [MODEL=name]
	.venv/bin/python -m gnomon.validate.anchorage $(MODEL)

train: .venv/ready  ## new weights: make train CHIPS=folder NAME=my-vessel, or CATALOGS="a.json b.json" [STEPS= SEED=]
	$(GNOMON) train $(CATALOGS) $(if $(CHIPS),--chips $(CHIPS)) --out models/$(NAME) $(if $(STEPS),--steps $(STEPS)) $(if $(SEED),--seed $(SEED))

train-type: .venv/ready  ## new weights for p_tanker, and their tables: make train-type NAME=new VERSION=0.3.0 (GNOMON_DATA)
	.venv/bin/python -m gnomon.learn.ship_type models/$(or $(NAME),ship-type) $(VERSION)

train-radar: .venv/ready  ## new weights for ships in radar, and their tables: make train-radar NAME=new VERSION=0.3.0 (GNOMON_DATA)
	.venv/bin/python -m gnomon.learn.radar models/$(or $(NAME),s1-vessel) $(VERSION)

train-freeboard: .venv/ready  ## new weights for freeboards, from simulated tankers: make train-freeboard NAME=new VERSION=0.3.0
	.venv/bin/python -m gnomon.learn.freeboard models/$(or $(NAME),freeboard) $(VERSION)

page: page-packages  ## build the page's script and style after changing report/web (needs node)
	cd $(WEB) && npm run check && npm run build

page-packages: $(WEB)/node_modules/.package-lock.json

$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json
	cd $(WEB) && npm ci
	touch $@

# torch and torchvision are not in the lock: each processor and GPU has its own build of them.
UNLOCKED := torch torchvision triton
lock: .venv/dev  ## resolve configs/requirements.lock again: versions and hashes, no addresses
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --no-emit-index-url $(UNLOCKED:%=--no-emit-package %) \
		--output-file build/requirements.lock pyproject.toml
	.venv/bin/python docs/scripts/lock.py build/requirements.lock configs/requirements.lock

locked: .venv/bin/pip  ## .venv with the versions of the lock; a torch that is there is left as it is
	$(PIP) --require-hashes --no-deps --requirement configs/requirements.lock
	$(PIP) --editable .
	touch .venv/ready

# OVERRIDE=file pins what is not to be had in its lowest version, as uv's --override does.
test-lowest: .venv/dev  ## the fast tests with the lowest versions that pyproject.toml promises
	.venv/bin/uv pip compile --quiet --resolution lowest-direct --only-binary :all: --extra dev \
		$(if $(OVERRIDE),--override $(OVERRIDE)) --output-file build/lowest.txt pyproject.toml
	$(PYTHON) -m venv --clear build/lowest
	build/lowest/bin/pip install --quiet --requirement build/lowest.txt
	build/lowest/bin/pip install --quiet --no-deps --editable .
	build/lowest/bin/pytest -m "not slow" -q -W default  # old libraries warn of their newer neighbours

sbom: build/tools/ready  ## what a locked installation consists of, as CycloneDX: build/sbom.cdx.json
	PYTHONWARNINGS=ignore build/tools/bin/cyclonedx-py requirements configs/requirements.lock \
		--pyproject pyproject.toml --mc-type library --output-reproducible --output-file build/sbom.cdx.json
	@echo "build/sbom.cdx.json; torch and torchvision are not in the lock and not in it"

audit: build/tools/ready  ## look the locked versions up among known vulnerabilities; needs the network
	@build/tools/bin/python docs/scripts/audit.py configs/requirements.lock

build/tools/ready: pyproject.toml | .venv/dev
	$(PYTHON) -m venv --clear build/tools
	.venv/bin/uv pip install --quiet --python build/tools/bin/python --group audit
	touch $@

.venv/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gnomon needs Python 3.11 or later: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

# What is installed already and new enough, such as a torch for this processor, is left as it is.
# torch and torchvision from one place, together: a torchvision beside another torch does not import.
.venv/ready: .venv/bin/pip pyproject.toml
	$(PIP) --editable .
	touch $@

.venv/docs: .venv/ready pyproject.toml
	$(PIP) --editable '.[docs]'
	touch $@

.venv/dev: .venv/ready pyproject.toml
	$(PIP) --editable '.[dev]'
	touch $@

clean:  ## remove build/ and runs/
	rm -rf build runs
