"""Entry point: `python3 harness/driver/buddycheck ...`, as launcher.sh does it, or `python3 -m buddycheck ...`."""

import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit("buddycheck: Python 3.11 or later is needed, this is " + sys.version.split()[0] + "; set BUDDYCHECK_PYTHON")

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from buddycheck.cli import main_process  # noqa: E402  (the path above comes first)

if __name__ == "__main__":
    main_process()
