"""Imports what any command of the driver may import, so that Python keeps the bytecode of all of it: `make build` runs this once."""

import contextlib
import importlib
import pkgutil

import buddycheck

PACKAGES = ("jinja2", "jsonschema", "rich.live", "rich.progress_bar", "rich.table")  # may be missing where no report is made

for module in pkgutil.iter_modules(buddycheck.__path__, "buddycheck."):
    importlib.import_module(module.name)
for package in PACKAGES:
    with contextlib.suppress(ImportError):
        importlib.import_module(package)
