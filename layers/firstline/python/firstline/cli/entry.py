"""The entry point: until the command line can end by itself, an interrupt just ends the process.

It imports next to nothing, so that Ctrl-C prints no traceback of half-done imports. ``./dev`` holds
an interrupt back until this module runs: the interpreter would print one while it starts.
"""

import signal


def main() -> None:
    """Run the command line; it leaves with the command's status."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    from firstline.cli.main import main as run

    run()
