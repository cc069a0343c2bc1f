"""The entry point. An interrupt ends the process until `firstline.cli.main` handles it.

It imports almost nothing, so that Ctrl-C prints no traceback during imports. ``./dev`` blocks
interrupts until this module runs, since the starting interpreter would print one.
"""

import signal


def main() -> None:
    """Run the command line; exit with the command's status."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    from firstline.cli.main import main as run

    run()
