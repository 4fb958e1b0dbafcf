"""`python app.py` is `python -m interview serve`."""

import sys

from interview.cli import main

if __name__ == "__main__":
    main(["serve", *sys.argv[1:]])
