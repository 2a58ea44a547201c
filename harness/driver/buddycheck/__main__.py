"""Entry point: `python3 harness/driver/buddycheck/__main__.py ...`, nearly as launcher.sh does it, or `python3 -m buddycheck ...`."""

import os
import sys

if sys.version_info < (3, 11):
    sys.exit("buddycheck: Python 3.11 or later is needed, this is " + sys.version.split()[0] + "; set BUDDYCHECK_PYTHON")

if not __package__:
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))

if __name__ == "__main__":
    try:
        if sys.flags.no_site:  # as launcher.sh starts it
            import site

            site.main()
        from buddycheck.cli import main_process

        main_process()
    except (KeyboardInterrupt, RuntimeError) as error:  # while Python imports, or makes a class: nothing has begun yet
        if not isinstance(error.__cause__ or error, KeyboardInterrupt):
            raise
        print("buddycheck: interrupted", file=sys.stderr, flush=True)
        os._exit(130)  # sys.exit() would give way to Python's own end, by the signal
