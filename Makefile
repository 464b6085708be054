# `make demo` and `make test` set up what they need in .venv, on a machine with nothing but Python 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_DISABLE_TELEMETRY := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: demo test browser check lock model corpus-check bench-quality bench-duee bench-metadata bench-statistics clean

# PyTorch for the processor is enough; an index may serve the larger build for graphics cards, which works as well.
$(BIN)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,labelstudio]"
	touch $@

demo: $(BIN)/.installed
	$(BIN)/weijing demo --out build/demo

test: $(BIN)/.installed browser
	$(BIN)/python -m pytest

# The labelling page is tested in a real browser: the system's, or else one that playwright fetches.
browser: $(BIN)/.installed
	@if command -v chromium || command -v chromium-browser || command -v google-chrome; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; \
	else $(BIN)/python -m playwright install chromium; fi

# mypy and import-linter read the package as installed: neither follows editable mappings.
check: $(BIN)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python scripts/check_package.py

lock: $(BIN)/.installed
	$(BIN)/python scripts/lock.py > constraints.txt

model: $(BIN)/.installed
	$(BIN)/python scripts/make_encoder.py
	$(BIN)/python scripts/make_model.py

corpus-check: $(BIN)/.installed
	$(BIN)/python scripts/corpus_check.py

bench-quality: $(BIN)/.installed
	$(BIN)/python benchmarks/quality.py

bench-duee: $(BIN)/.installed
	$(BIN)/python benchmarks/duee.py $(DATA)

bench-metadata: $(BIN)/.installed
	$(BIN)/python benchmarks/metadata.py

bench-statistics: $(BIN)/.installed
	$(BIN)/python benchmarks/intervals.py

clean:
	rm -rf build dist *.egg-info
