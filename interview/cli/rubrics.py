"""The rubrics of commands that read what is kept."""

from collections.abc import Collection

from interview.cli.output import complain
from interview.errors import ContentError
from interview.rubrics import Rubric, load_rubrics
from interview.settings import Settings


def usable_rubrics(settings: Settings) -> Collection[Rubric]:
    """Return the rubrics in use; none where they cannot be read, which is named and keeps nobody from their data."""
    try:
        return load_rubrics(settings.rubrics).values()
    except ContentError as fault:
        complain(str(fault))
        return ()
