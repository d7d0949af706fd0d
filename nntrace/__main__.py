"""`python -m nntrace`, and where the command starts: Ctrl-C is quiet from the first line on."""

import os
import signal


def main() -> None:
    """Run the program. What it is made of takes a moment to import, in which there is nothing to tidy up yet."""
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))
    from nntrace.cli import main as run

    run()


if __name__ == "__main__":
    main()
