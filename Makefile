# buddycheck: `make run` runs the suite against a target, `make check` runs all tests. `make help` lists the rest.

TARGET ?= prosody
PYTHON ?= /usr/bin/python3
CC = gcc
BUILD ?= build

engine_packages = libuv libxml-2.0 libstrophe openssl jansson libidn2
CPPFLAGS += -D_GNU_SOURCE -Iharness/engine $(shell pkg-config --cflags $(engine_packages) 2>/dev/null)
CFLAGS ?= -O2 -g
CFLAGS += -std=c11 -Wall -Wextra -Wconversion -Werror $(SANITIZE)
LDFLAGS += $(SANITIZE)
LDLIBS += $(shell pkg-config --libs $(engine_packages) 2>/dev/null)

engine_sources := $(filter-out harness/engine/main/main.c,$(wildcard harness/engine/*/*.c))
engine_objects := $(engine_sources:%.c=$(BUILD)/obj/%.o)
unit_sources := $(wildcard harness/tests/engine/test_*.c)
unit_tests := $(unit_sources:harness/tests/engine/%.c=$(BUILD)/tests/%)
unit_helpers := $(filter-out $(unit_sources),$(wildcard harness/tests/engine/*.c))
c_files = $(wildcard harness/engine/*/*.[ch] harness/tests/engine/*.[ch])

.PHONY: help run build check unit
.DELETE_ON_ERROR:
.SECONDARY:

build: $(BUILD)/buddycheck-engine

$(BUILD)/libbuddycheck.a: $(engine_objects)
	rm -f $@
	ar rcs $@ $^

$(BUILD)/buddycheck-engine: $(BUILD)/obj/harness/engine/main/main.o $(BUILD)/libbuddycheck.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%: $(BUILD)/obj/harness/tests/engine/%.o $(unit_helpers:%.c=$(BUILD)/obj/%.o) $(BUILD)/libbuddycheck.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(shell pkg-config --libs check)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
