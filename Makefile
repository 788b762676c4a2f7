# What a person does with this repository. Every target works in a clean clone: missing system packages are installed first
# (apt, as root or with sudo; see Scripts/bootstrap).

CONFIG ?= config.yaml
PYTHON ?= python3
FUZZ_SECONDS ?= 60
SOAK_MINUTES ?= 30
INTEROP := Tests/Interop
VENV := $(INTEROP)/.venv
BENCH_VENV := Benchmarks/.venv

export SWIFT_BACKTRACE ?= enable=no

.PHONY: help serve test lint interop page-test deploy-test examples bench sanitize torture soak fuzz clean

help:
	@echo 'make serve    build the release binary and serve what $(CONFIG) says'
	@echo 'make test     build and run the Swift tests, unit to end to end'
	@echo 'make lint     formatting and the conventions of CONTRIBUTING.md'
	@echo 'make interop  Python clients against the built binary'
	@echo 'make page-test    the page for people in headless Chromium; PAGE_PICTURES=DIR keeps pictures'
	@echo 'make deploy-test  the files of deploy/ with systemd, nginx, Apache Traffic Server and Prometheus'
	@echo 'make examples build the programs in Examples, and run them'
	@echo 'make bench    measure against nginx, DeepSpeed, Python and others, in the same run; ONLY=serve,cold for some of it'
	@echo 'make sanitize the Swift tests under the thread and the address sanitizer'
	@echo 'make torture  the same, and $(SOAK_MINUTES) minutes of mixed load with changes and faults'
	@echo 'make fuzz     each parser of files for $(FUZZ_SECONDS) seconds with inputs that libFuzzer makes; Scripts/fuzz for one'
	@echo 'make clean    remove everything that was built'

serve:
	Scripts/bootstrap
	swift build --configuration release --product weight-server
	exec "$$(swift build --configuration release --show-bin-path)/weight-server" serve --config $(CONFIG)

# The end-to-end tests wait for other processes and so hold the test runner's threads; they run by themselves, where that
# delays no test that measures time. So do those that look at what a server holds while a client waits, or
# have a thousand clients.
test:
	Scripts/bootstrap
	Scripts/build --build-tests
	swift test --skip-build --disable-xctest --filter ServerAdmissionTests
	swift test --skip-build --disable-xctest --filter ColdPartitionTests
	swift test --skip-build --disable-xctest --skip EndToEndTests --skip ServerAdmissionTests
	swift test --skip-build --disable-xctest --filter EndToEndTests --skip ColdPartitionTests

lint:
	Scripts/lint

$(VENV)/made: $(INTEROP)/requirements.txt
	Scripts/bootstrap python
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $(INTEROP)/requirements.txt
	touch $@

interop: $(VENV)/made
	Scripts/bootstrap
	swift build --product weight-server
	swift build --product http-heads
	BINARY_UNDER_TEST="$$(swift build --show-bin-path)/weight-server" \
	  $(VENV)/bin/python -m pytest -p no:cacheprovider $(INTEROP)

page-test: $(VENV)/made
	Scripts/bootstrap page
	swift build --product weight-server
	BINARY_UNDER_TEST="$$(swift build --show-bin-path)/weight-server" \
	  $(VENV)/bin/python -m pytest -p no:cacheprovider $(INTEROP)/test_page.py

$(VENV)/deploy: Tests/Deploy/requirements.txt $(VENV)/made
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

deploy-test: $(VENV)/deploy
	Scripts/bootstrap deploy
	swift build --product weight-server
	BINARY_UNDER_TEST="$$(swift build --show-bin-path)/weight-server" \
	  $(VENV)/bin/python -m pytest -p no:cacheprovider Tests/Deploy

examples: $(VENV)/made
	Scripts/bootstrap
	for example in Examples/*/Package.swift; do \
	  swift build --package-path "$$(dirname "$$example")" --scratch-path .build-examples || exit 1; \
	done
	swift build --product weight-server
	EXAMPLES_UNDER_TEST="$$(swift build --package-path Examples/Client --scratch-path .build-examples --show-bin-path)" \
	BINARY_UNDER_TEST="$$(swift build --show-bin-path)/weight-server" \
	  $(VENV)/bin/python -m pytest -p no:cacheprovider $(INTEROP)/test_examples.py

$(BENCH_VENV)/made: Benchmarks/requirements.txt
	Scripts/bootstrap bench
	rm -rf $(BENCH_VENV)
	$(PYTHON) -m venv $(BENCH_VENV)
	DS_BUILD_OPS=0 $(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# Some of it: make bench ONLY=serve,cold, which leaves RESULTS.md as it is.
bench: $(BENCH_VENV)/made
	Scripts/bootstrap bench
	swift build --configuration release --product weight-server
	swift build --configuration release --package-path Benchmarks
	@$(BENCH_VENV)/bin/python Benchmarks/bench.py \
	  --server "$$(swift build --configuration release --show-bin-path)/weight-server" \
	  --benchmarks "$$(swift build --configuration release --package-path Benchmarks --show-bin-path)" \
	  $(if $(ONLY),--only $(ONLY),--results Benchmarks/RESULTS.md)

sanitize:
	Scripts/bootstrap
	Scripts/sanitize

soak:
	Scripts/bootstrap python
	swift build --configuration release --product weight-server
	Scripts/soak "$$(swift build --configuration release --show-bin-path)/weight-server" --minutes $(SOAK_MINUTES)

torture: sanitize soak

fuzz:
	Scripts/bootstrap python
	set -e; for target in safetensors zip pickle npy dcp json manifest head chunked; do Scripts/fuzz $$target $(FUZZ_SECONDS); done

clean:
	rm -rf .build .build-* Tests/Fuzz/.build* Benchmarks/.build $(VENV) $(BENCH_VENV)
