"""Runs a command in the place of this process, as the terminal's foreground group.

Ctrl-C then reaches the command alone: it ends in its own time, with its own exit code, and make, which would
die of the same signal with a complaint, only passes that code on. Without a terminal nothing is changed.
"""

import os
import signal
import sys

if sys.stdin.isatty():
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else taking the terminal from the background stops us
    os.tcsetpgrp(sys.stdin.fileno(), os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # the shell waits for make and would never learn of a Ctrl-Z

os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 — the Makefile's own command line
