# symbolicate. The targets that a newcomer needs are `make demo` and `make test`; `make help` lists all.

PYTHON ?= python3
CC     ?= cc
CACHE  := .cache
VENV   := $(CACHE)/venv

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GO_SOURCES  := $(shell find cabi cmd internal sourcemap symbolicate -name '*.go' ! -name '*_test.go' -o -name '*.s' -o -name '*.c' -o -name '*.h' -o -name 'exports.map')
PY_SOURCES  := $(wildcard python/symbolicate/*.py) setup.py pyproject.toml

.PHONY: help build demo test test-go test-purego test-c test-c-asan test-c-valgrind test-python test-install lint corpus big bench bench-python bench-scopes bench-short names testdata fuzz soak soak-leaks soak-go wheel clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: build/symbolicate build/libsymbolicate.so ## the command and the C library, in build/

build/symbolicate: $(GO_SOURCES) go.mod
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -o $@ ./cmd/symbolicate

build/libsymbolicate.so: $(GO_SOURCES) go.mod
	CGO_ENABLED=1 go build -trimpath -buildvcs=false -buildmode=c-shared \
	  -ldflags '-extldflags=-Wl,--version-script=$(CURDIR)/cabi/exports.map' -o $@ ./cabi
	@rm -f build/libsymbolicate.h

demo: $(VENV)/installed ## build all, install the Python package, symbolicate the sample's crash twice
	@echo; echo '== through the command =='; echo
	@$(VENV)/bin/symbolicate stack testdata/shop/traces/terser-names/node-checkout.txt --maps testdata/shop/dist/terser-names
	@echo; echo '== through Python =='; echo
	@$(VENV)/bin/python testdata/shop/demo.py

test: test-go test-purego test-c test-c-asan test-c-valgrind test-python test-install ## all tests; what needs node or the corpus says so and is skipped

test-go: ## Go tests, with the race detector
	@$(call go-test,-race,build/go-test.log)

test-purego: ## Go tests without assembly and unsafe loads
	@$(call go-test,-tags purego,build/purego-test.log)

define go-test
mkdir -p build; \
go test $(1) -timeout 20m -v ./... >$(2) 2>&1; status=$$?; \
grep -E '^(ok|FAIL|panic:)|skipped:|kernels' $(2); \
[ $$status = 0 ] || { grep -vE '^ *(=== |--- PASS|PASS$$)' $(2) | tail -n 300; exit $$status; }
endef

build/ctest/%: cabi/ctest/%.c cabi/ctest/check.h cabi/include/symbolicate.h build/libsymbolicate.so
	@mkdir -p $(@D)
	$(CC) -std=c11 -Wall -Wextra -Werror -g -Icabi/include -o $@ $< -Lbuild -lsymbolicate -lpthread -Wl,-rpath,$(CURDIR)/build

CTESTS := $(patsubst cabi/ctest/%.c,build/ctest/%,$(wildcard cabi/ctest/*.c))

test-c: $(CTESTS) ## C programs against the C library
	@for t in $(CTESTS); do echo "$$t"; timeout 300 $$t testdata/shop || exit 1; done

# The same programs under AddressSanitizer, whose own locks don't survive the forks of fork.c; control.c makes mistakes
# that it must find.
build/ctest-asan/%: cabi/ctest/%.c cabi/ctest/check.h cabi/include/symbolicate.h build/libsymbolicate.so
	@mkdir -p $(@D)
	$(CC) -std=c11 -g -fsanitize=address -fno-omit-frame-pointer -Icabi/include -o $@ $< -Lbuild -lsymbolicate -lpthread -Wl,-rpath,$(CURDIR)/build

ASAN := ASAN_OPTIONS=detect_leaks=1 timeout 120

test-c-asan: build/ctest-asan/control/control build/ctest-asan/api build/ctest-asan/saved ## C programs under AddressSanitizer
	@$(ASAN) $< none
	@for mistake in leak overrun late; do \
	  if $(ASAN) $< $$mistake >build/control.log 2>&1 || ! grep -q Sanitizer build/control.log; then echo "$$mistake was not found"; exit 1; fi; done
	@for t in $(filter-out %/control,$^); do echo "$$t"; $(ASAN) $$t testdata/shop || exit 1; done

# And under valgrind, where fork.c would take too long: each of its children is checked, too. What is still reachable counts
# as a leak: Go's memory, which valgrind searches for pointers, holds old ones.
VALGRIND := CTEST_ROUNDS=10 timeout 300 valgrind -q --read-inline-info=no --fair-sched=yes --error-exitcode=9 --leak-check=full \
  --show-leak-kinds=all --errors-for-leak-kinds=all --suppressions=cabi/ctest/go.supp

build/ctest/control: cabi/ctest/control/control.c cabi/include/symbolicate.h build/libsymbolicate.so
	@mkdir -p $(@D)
	$(CC) -std=c11 -g -Icabi/include -o $@ $< -Lbuild -lsymbolicate -Wl,-rpath,$(CURDIR)/build

test-c-valgrind: build/ctest/control build/ctest/api build/ctest/saved ## C programs under valgrind, where there is one
	@if ! command -v valgrind >/dev/null; then echo 'valgrind: skipped: there is none on this machine'; exit 0; fi; \
	set -e; $(VALGRIND) $< none; \
	for mistake in leak overrun late; do \
	  if $(VALGRIND) $< $$mistake >build/control.log 2>&1 || ! grep -qE 'Invalid read|in loss record' build/control.log; then echo "$$mistake was not found"; exit 1; fi; done; \
	for t in $(filter-out %/control,$^); do echo "$$t"; $(VALGRIND) $$t testdata/shop; done

test-python: $(VENV)/installed ## Python tests against the installed wheel
	$(VENV)/bin/python -m pytest -q

test-install: $(VENV)/installed ## pip install, editable, sdist and wheel from a clean copy; the wheel on every Python here
	$(VENV)/bin/python -m pytest -q python/tests/installs.py

# The package is built as a wheel and the wheel is installed: what the tests see is what users get.
$(VENV)/installed: $(GO_SOURCES) $(PY_SOURCES) $(VENV)/tools
	rm -rf build/wheel && $(VENV)/bin/python -m pip wheel -q --no-deps --no-build-isolation -w build/wheel .
	$(VENV)/bin/python -m pip install -q --force-reinstall --no-deps build/wheel/*.whl
	@touch $@

$(VENV)/tools: python/requirements-dev.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install -q -r $<
	@touch $@

$(VENV)/soak-tools: python/requirements-soak.txt $(VENV)/tools
	$(VENV)/bin/python -m pip install -q -r $<
	@touch $@

$(VENV)/wheel-tools: python/requirements-wheel.txt $(VENV)/tools
	$(VENV)/bin/python -m pip install -q -r $<
	@touch $@

lint: $(VENV)/installed ## gofmt, go vet, staticcheck, ruff, mypy, pyright
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	$(VENV)/bin/ruff check python setup.py testdata
	$(VENV)/bin/ruff format --check python setup.py testdata
	$(VENV)/bin/mypy
	$(VENV)/bin/pyright
	@cd / && log=$$(PATH="$(abspath $(VENV))/bin:$$PATH" pyright --ignoreexternal --verifytypes symbolicate) || \
	  { echo "$$log"; exit 1; }

corpus: ## fetch the pinned npm packages that the corpus tests compare on (needs node)
	node bench/corpus.mjs
	cd bench/peers/node && npm ci --ignore-scripts --silent

big: ## make the map of 224 MB from about thirty npm packages, for make bench (needs node)
	node bench/big/build.mjs

bench: ## this engine beside eight others on the corpus, an hour or more: bench/README.md
	cd bench && go run . -out .

bench-python: $(VENV)/installed corpus ## what calls from Python cost, beside symbolic and libsourcemap (PyPI)
	@test -x $(CACHE)/bench-python/bin/python || $(PYTHON) -m venv $(CACHE)/bench-python
	@$(CACHE)/bench-python/bin/python -m pip install -q -r bench/peers/python/requirements.txt build/wheel/*.whl
	@$(CACHE)/bench-python/bin/python -m pip install -q --force-reinstall --no-deps build/wheel/*.whl
	@$(CACHE)/bench-python/bin/python bench/peers/python/calls.py $(CACHE)/corpus

bench-scopes: ## how fast functions are found, beside js-source-scopes (needs cargo and the corpus)
	@cd bench && go run . -scopes

bench-short: ## the same in two minutes: small maps, drivers that are built already; and the runner's own tests
	cd bench && go vet ./... && go test ./... && go run . -short

names: ## how many names of functions are right, beside symbolic (PyPI): the truth set, then the table (needs node; 20 minutes the first time)
	node testdata/names/make.mjs
	@test -x $(CACHE)/names/venv/bin/python || $(PYTHON) -m venv $(CACHE)/names/venv
	@$(CACHE)/names/venv/bin/python -m pip install -q -r bench/peers/python/requirements.txt
	cd bench && go run ./names -python ../$(CACHE)/names/venv/bin/python

testdata: ## make the samples again: needs node, chromium and firefox-esr
	cd testdata/shop && npm ci --ignore-scripts --silent && node make.mjs && node ../chain/make.mjs

# Where the machine is busy, Go's fuzzer may report the end of its time as a failure ("context deadline exceeded"): that is no finding.
FUZZTIME ?= 20s
fuzz: ## each fuzz target for FUZZTIME (default 20s)
	@mkdir -p build; for p in $$(go list ./...); do \
	  for t in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    { go test -run '^$$' -fuzz "^$$t$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 200x $$p 2>&1; echo "status $$?"; } | tee build/fuzz.log; \
	    grep -q '^status 0' build/fuzz.log || { grep -q 'context deadline exceeded' build/fuzz.log && ! grep -q 'Failing input' build/fuzz.log; } || exit 1; done; done

SOAK_SECONDS ?= 600
soak: $(VENV)/installed $(VENV)/soak-tools ## leaks, forks, races and servers in Python, for SOAK_SECONDS (default 600)
	$(VENV)/bin/python python/tests/soak.py --seconds $(SOAK_SECONDS)

soak-leaks: $(VENV)/installed ## of that, a million objects of each kind made and dropped: memory must stay
	$(VENV)/bin/python python/tests/soak_leaks.py --control
	$(VENV)/bin/python python/tests/soak_leaks.py

soak-go: ## long forms of Go tests: processes killed at random, exhaustive damage
	SYMBOLICATE_SOAK=1 go test -count=1 -timeout 60m ./internal/index ./internal/archive ./internal/replace ./sourcemap

# The C compiler is zig's, which knows the symbols of old glibcs and other processors.
ZIG := $(abspath $(VENV))/bin/python -m ziglang cc
define one-wheel
rm -rf build/lib* build/bdist*
GOARCH=$(1) CC='$(ZIG) -target $(2)-linux-gnu.2.17' $(VENV)/bin/python -m build --wheel --no-isolation -o build/dist \
  -C--build-option=--plat-name=manylinux_2_17_$(2) >build/wheel-$(2).log 2>&1 || { tail -n 50 build/wheel-$(2).log; exit 1; }
$(VENV)/bin/auditwheel show build/dist/*_$(2).whl | tee build/audit-$(2).log
grep -q '"manylinux_2_17_$(2)"' build/audit-$(2).log
endef

wheel: $(VENV)/wheel-tools ## wheels for manylinux_2_17 on x86_64 and aarch64, and the sdist, in build/dist
	@mkdir -p build && rm -rf build/dist
	@$(call one-wheel,amd64,x86_64)
	@$(call one-wheel,arm64,aarch64)
	@$(VENV)/bin/python -m build --sdist --no-isolation -o build/dist >build/sdist.log 2>&1 || { tail -n 50 build/sdist.log; exit 1; }
	@ls -l build/dist

clean: ## remove what was built; .cache stays
	rm -rf build dist *.egg-info python/*.egg-info
