# One line a target; CI calls the same ones. Everything lands in .venv and runs/.
PYTHON ?= python3
STUDY ?= configs/embedded.toml
OUT ?= runs/$(basename $(notdir $(STUDY)))
RUN ?= runs/embedded
GNOMON := .venv/bin/gnomon
WEB := pipeline/gnomon/report/web

.PHONY: detect report page page-packages test fast lint notebooks bench validate evaluate evaluate-history train clean

detect: .venv/ready  ## run a study: make detect [STUDY=file.toml] [OUT=folder]
	$(if $(filter configs/embedded.toml,$(STUDY)),$(GNOMON) simulate build/embedded)
	$(GNOMON) run $(STUDY) --out $(OUT)

report: .venv/ready  ## the evidence page of a run: make report RUN=folder
	$(GNOMON) report $(RUN)

page: page-packages  ## build the page's script and style after changing report/web (needs node)
	cd $(WEB) && npm run check && npm run build

page-packages: $(WEB)/node_modules/.package-lock.json

$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json
	cd $(WEB) && npm ci
	touch $@

test: .venv/dev lint  ## lint, types, import contracts, every test
	.venv/bin/pytest -m "not slow"
	.venv/bin/pytest -m slow

fast: .venv/dev  ## the tests that take seconds
	.venv/bin/pytest -m "not slow" -x -q

lint: .venv/dev
	.venv/bin/ruff check pipeline tests
	.venv/bin/ruff format --check pipeline tests
	.venv/bin/mypy
	.venv/bin/lint-imports

notebooks: .venv/dev detect  ## execute the notebooks on the embedded study; HTML into build/notebooks
	.venv/bin/jupyter nbconvert --execute --to html --output-dir build/notebooks notebooks/*.ipynb

bench: .venv/ready  ## time against the floor, decoding the pixels: make bench [PART=scene|loads|seasons]
	.venv/bin/python -m gnomon.validate.bench $(PART)

validate: .venv/ready  ## measure what the numbers are worth: make validate [PART=load|ships|seasons]
	.venv/bin/python -m gnomon.validate $(PART)

evaluate: .venv/ready  ## measure the detector, ports left out: make evaluate CATALOGS="a.json b.json"
	CATALOGS="$(CATALOGS)" .venv/bin/python -m gnomon.learn.crossval

evaluate-history: .venv/ready  ## what a port's history is worth: make evaluate-history [MODEL=name]
	.venv/bin/python -m gnomon.learn.crossval.background $(MODEL)

train: .venv/ready  ## new weights: make train CHIPS=folder NAME=my-vessel, or CATALOGS="a.json b.json"
	$(GNOMON) train $(CATALOGS) $(if $(CHIPS),--chips $(CHIPS)) --out models/$(NAME)

# torch and torchvision from one place, together: a torchvision beside another torch does not import.
.venv/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gnomon needs Python 3.11 or later: make PYTHON=python3.11")'
	test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/dev: .venv/ready pyproject.toml
	.venv/bin/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

clean:
	rm -rf build runs
