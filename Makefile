# buddycheck: `make run` runs the suite against a target, `make check` runs all tests. `make help` lists the rest.

# Our rules are all there are; looking through make's own for each of some hundred files costs more than the rest of what make does.
MAKEFLAGS += --no-builtin-rules

TARGET ?= reference
PYTHON ?= /usr/bin/python3
BUILD ?= build
OUT ?=
PREFIX ?= /usr/local
DESTDIR ?=
NETWORK ?=
CC = gcc

engine_packages = libuv libxml-2.0 libstrophe openssl jansson libidn2
# Asked for when a command needs it: before `ci/install.sh` ran there may be no pkg-config.
pkg_cflags = $(shell pkg-config --cflags $(engine_packages))
pkg_libs = $(shell pkg-config --libs $(engine_packages))
CFLAGS ?= -O2 -g
all_cflags = -D_GNU_SOURCE -Iharness/engine -std=c11 -Wall -Wextra -Wconversion -Werror $(CFLAGS) $(SANITIZE)

engine_sources := $(filter-out harness/engine/main/main.c,$(wildcard harness/engine/*/*.c))
engine_objects := $(engine_sources:%.c=$(BUILD)/obj/%.o)
unit_sources := $(wildcard harness/tests/engine/test_*.c)
unit_helpers := $(filter-out $(unit_sources),$(wildcard harness/tests/engine/*.c))
unit_tests := $(unit_sources:harness/tests/engine/%.c=$(BUILD)/tests/%)

# The reference server: on the engine's base and wire, with libraries of its own.
reference_packages = libgsasl sqlite3 libcares
reference_cflags = -I. -Ifixtures/reference $(shell pkg-config --cflags $(reference_packages))
reference_libs = $(shell pkg-config --libs $(reference_packages))
reference_sources := $(filter-out fixtures/reference/main.c,$(wildcard fixtures/reference/*.c fixtures/reference/commands/*.c))
reference_objects := $(reference_sources:%.c=$(BUILD)/obj/%.o)
reference_unit_sources := $(wildcard harness/tests/reference/test_*.c)
unit_tests += $(reference_unit_sources:harness/tests/reference/test_%.c=$(BUILD)/tests/test_reference_%)

c_files := $(wildcard harness/engine/*/*.[ch] harness/tests/engine/*.[ch] harness/tests/reference/*.[ch] \
	fixtures/reference/*.[ch] fixtures/reference/commands/*.[ch])

.PHONY: help run build check check-unit check-driver check-page check-lua check-format check-tidy check-lint check-suite check-system \
	check-asan check-valgrind check-mutants check-mutants-quick check-variants check-flaky bench samples packages packages-check install \
	uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

help:
	@echo "make run [TARGET=prosody]   install what is missing, build, run the suite against the built-in reference server or TARGET"
	@echo "make run NETWORK=private    the same in a network of its own: real ports, plain DNS, nothing else reachable"
	@echo "make check                  install what is missing, build, run all tests"
	@echo "make build                  build only; build/buddycheck is the command then"
	@echo "make check-unit ... -driver -page -lua -format -tidy -lint -suite -system -asan -valgrind: one part of make check"
	@echo "make check-mutants          does the suite detect every fault of the reference server?"
	@echo "make check-variants         does the suite report nothing of correct variants of the reference server?"
	@echo "make check-flaky            the suite 100 times with all CPUs busy: does a verdict differ?"
	@echo "make bench [RUNS=5]         what the suite costs: wall, CPU, memory, the slowest scenarios and what they wait for"
	@echo "make install [PREFIX=/usr/local] [DESTDIR=]   installs the command, its manual page, scenarios and targets; make uninstall"
	@echo "make samples                makes the reports in reports/samples/ anew"
	@echo "make clean                  remove build/"

# The launcher is run by a shell of its own so that Ctrl-C reaches the driver, which ends everything in order.
run: packages
	@$(MAKE) --no-print-directory build
	@exec $(BUILD)/buddycheck run --target $(TARGET) $(if $(OUT),--out $(OUT)) $(if $(NETWORK),--network $(NETWORK)) $(ARGS)

packages:
	@ci/install.sh build target $(TARGET)

packages-check:
	@ci/install.sh check target prosody target ejabberd target jabberd2

build: $(BUILD)/buddycheck-engine $(BUILD)/buddycheck $(BUILD)/buddycheck-reference $(BUILD)/bytecode/made

$(BUILD)/buddycheck: harness/driver/launcher.sh
	@mkdir -p $(@D)
	@install -m 755 $< $@

# Compiling costs more than the rest of the driver's start.
$(BUILD)/bytecode/made: harness/driver/bytecode.py $(wildcard harness/driver/buddycheck/*.py)
	@mkdir -p $(@D)
	@env -u PYTHONDONTWRITEBYTECODE $${BUDDYCHECK_PYTHON:-$(PYTHON)} -X pycache_prefix=$(abspath $(@D)) $<
	@touch $@

$(BUILD)/libbuddycheck.a: $(engine_objects)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/buddycheck-engine: $(BUILD)/obj/harness/engine/main/main.o $(BUILD)/libbuddycheck.a
	@echo "  LD $@"
	@$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(pkg_libs)

$(BUILD)/buddycheck-reference: $(BUILD)/obj/fixtures/reference/main.o $(reference_objects) $(BUILD)/libbuddycheck.a
	@echo "  LD $@"
	@$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(reference_libs) $(pkg_libs)

$(BUILD)/obj/fixtures/reference/%.o $(BUILD)/obj/harness/tests/reference/%.o: all_cflags += $(reference_cflags)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(all_cflags) $(pkg_cflags) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%: $(BUILD)/obj/harness/tests/engine/%.o $(unit_helpers:%.c=$(BUILD)/obj/%.o) $(BUILD)/libbuddycheck.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(pkg_libs) $(shell pkg-config --libs check)

$(BUILD)/tests/test_reference_%: $(BUILD)/obj/harness/tests/reference/test_%.o $(BUILD)/obj/harness/tests/engine/run.o \
		$(reference_objects) $(BUILD)/libbuddycheck.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(reference_libs) $(pkg_libs) $(shell pkg-config --libs check)

-include $(wildcard $(BUILD)/obj/*/*/*/*.d $(BUILD)/obj/*/*/*.d)

# --- tests ---

check: packages-check
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory check-format check-lint check-unit check-lua check-driver check-page check-suite check-system
	@$(MAKE) --no-print-directory check-variants check-mutants-quick check-asan check-tidy
	@echo "make check: all tests passed"

check-unit: $(unit_tests)
	@ci/unit.sh $(BUILD)/tests

check-driver: build
	$(PYTHON) -m pytest -q -p no:cacheprovider harness/tests/driver

# The HTML report in headless Chromium.
check-page: build
	$(PYTHON) -m pytest -q -p no:cacheprovider harness/tests/page

check-lua:
	@prove -Q -e lua5.4 fixtures/prosody/tests/test_state.lua

check-format:
	@clang-format --dry-run --Werror $(c_files)

check-tidy:
	@ci/tidy.sh $(c_files) -- $(all_cflags) $(reference_cflags) $(pkg_cflags)

check-lint: build
	@$(BUILD)/buddycheck lint

# The main job, judged by independent consumers of its output.
check-suite: build
	@ci/suite.sh $(BUILD)

# What users do and what goes wrong, with real servers.
check-system: build
	$(PYTHON) -m pytest -q -p no:cacheprovider harness/tests/system

# The unit tests and the complete suite under AddressSanitizer and UndefinedBehaviorSanitizer.
check-asan: build
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' \
		check-unit $(BUILD)/asan/buddycheck-engine
	@BUDDYCHECK_FREES=1 BUDDYCHECK_ENGINE=$(BUILD)/asan/buddycheck-engine ci/suite.sh $(BUILD) --patience 3

# The same under Valgrind: no error, no leak.
check-valgrind: packages-check
	@$(MAKE) --no-print-directory build $(unit_tests)
	@ci/valgrind.sh $(BUILD)

# Every fault of fixtures/faults.toml must turn the right scenarios red, and every scenario some fault.
check-mutants: build
	@$(BUILD)/buddycheck mutants --target reference --format plain
	@$(BUILD)/buddycheck mutants --target reference-tls 'N19?' --quick --format plain

# The same with the scenarios only that each fault is about: a minute instead of four.
check-mutants-quick: build
	@$(BUILD)/buddycheck mutants --target reference --quick --format plain
	@$(BUILD)/buddycheck mutants --target reference-tls 'N19?' --quick --format plain

# Every variant of fixtures/variants.toml is correct: nothing may fail. Those that go together run together.
check-variants: build
	@$(BUILD)/buddycheck variants

# What the suite costs on both targets; measures, asserts nothing. RUNS=9 repeats it nine times.
bench: packages-check
	@$(MAKE) --no-print-directory build
	@$(PYTHON) harness/bench/bench.py $(BUILD)/buddycheck $(or $(RUNS),5) reference prosody

# The suite 100 times with all CPUs busy: no verdict may differ.
check-flaky: build
	@ci/flaky.sh $(BUILD) $(REPEAT)

# The reports in reports/samples/, of real runs.
samples: packages-check
	@$(MAKE) --no-print-directory build
	@reports/samples/make.sh $(BUILD)/buddycheck

# --- installed: the engine in libexec/, everything that is read in share/, laid out as here so that it is found as here ---

prefix = $(DESTDIR)$(PREFIX)
shared = harness/driver/buddycheck scenarios fixtures reports/schema reports/templates ci/expect ci/install.sh LICENSE

$(BUILD)/buddycheck.1: $(wildcard harness/driver/buddycheck/*.py)
	@mkdir -p $(@D)
	@PYTHONPATH=harness/driver PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m buddycheck.manual >$@

install: build $(BUILD)/buddycheck.1
	@rm -rf "$(prefix)/libexec/buddycheck" "$(prefix)/share/buddycheck"
	@install -d "$(prefix)/bin" "$(prefix)/libexec/buddycheck" "$(prefix)/share/buddycheck" "$(prefix)/share/man/man1"
	@install -m 755 $(BUILD)/buddycheck-engine $(BUILD)/buddycheck-reference "$(prefix)/libexec/buddycheck"
	@tar --exclude='*.[ch]' --exclude=__pycache__ --exclude='fixtures/*/tests' --mode='u=rwX,go=rX' -cf - $(shared) | \
		tar --no-same-owner -xf - -C "$(prefix)/share/buddycheck"
	@ln -s ../../libexec/buddycheck "$(prefix)/share/buddycheck/build"
	@git describe --always --dirty --abbrev=40 --exclude='*' >"$(prefix)/share/buddycheck/COMMIT" 2>/dev/null || \
		rm -f "$(prefix)/share/buddycheck/COMMIT"
	@$(PYTHON) -m compileall -q -s "$(DESTDIR)" "$(prefix)/share/buddycheck/harness/driver/buddycheck"
	@install -m 755 $(BUILD)/buddycheck "$(prefix)/bin"
	@install -m 644 $(BUILD)/buddycheck.1 "$(prefix)/share/man/man1"
	@echo "installed: $(prefix)/bin/buddycheck"

uninstall:
	@rm -rf "$(prefix)/libexec/buddycheck" "$(prefix)/share/buddycheck"
	@rm -f "$(prefix)/bin/buddycheck" "$(prefix)/share/man/man1/buddycheck.1"

clean:
	rm -rf $(BUILD)
