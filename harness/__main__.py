"""``python -m harness``, and the program ``harness``.

The command line is imported inside of what tells how a call ended: it can be interrupted while it loads, and it needs
what may not be there.
"""

import sys

from harness.commands import ending


def main() -> int:
    """Carry out the call of this process and return its exit status."""

    def call() -> int:
        from harness import cli  # noqa: PLC0415 - see above

        return cli.main()

    return ending.ended(call, named="harness")


if __name__ == "__main__":
    sys.exit(main())
