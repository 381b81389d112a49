"""``opsdash`` and ``python -m opsdash``: where the program begins.

Little is loaded here, and until main() can say a sentence of its own, Ctrl+C just ends it.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> None:
    """Run opsdash; it exits by itself."""
    from opsdash.cli.main import main as run

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
