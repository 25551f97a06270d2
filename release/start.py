"""Where the frozen program begins: the `tresen` command, and whatever the command itself starts by `-m`.

What starts a process of its own says `sys.executable -m MODULE`, which a frozen program, being no Python, has to
understand by itself.
"""

from __future__ import annotations

import sys
from runpy import run_module

CHILDREN = ("pdfkit.child", "demo.papers")


def main() -> int:
    arguments = [argument for argument in sys.argv[1:] if argument != "-P"]
    if len(arguments) > 1 and arguments[0] == "-m" and arguments[1] in CHILDREN:
        sys.argv[1:] = arguments[2:]
        run_module(arguments[1], run_name="__main__", alter_sys=True)
        return 0
    import app

    return app.main()


if __name__ == "__main__":
    sys.exit(main())
