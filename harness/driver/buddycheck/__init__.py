"""The driver of buddycheck: command line, selection, target lifecycle and reports. It never judges protocol."""

VERSION = "0.1.0"
