"""Every word of the screen in Chinese and English, one line a word; each part of the screen has its table.

`{n}` and the like are filled in.
"""

from interview.models import Language
from interview.ui.strings import (
    comparing,
    deleting,
    errors,
    frame,
    grade,
    graders,
    jobs,
    login,
    measuring,
    practice,
    progress,
    questions,
    roles,
    setup,
    transcripts,
)

TABLES = (
    frame.WORDS,
    setup.WORDS,
    practice.WORDS,
    grade.WORDS,
    transcripts.WORDS,
    deleting.WORDS,
    progress.WORDS,
    questions.WORDS,
    graders.WORDS,
    roles.WORDS,
    comparing.WORDS,
    jobs.WORDS,
    login.WORDS,
    measuring.WORDS,
    errors.WORDS,
)
# key: (Chinese, English). The part before the first dot says where it stands.
TABLE: dict[str, tuple[str, str]] = {key: words for table in TABLES for key, words in table.items()}


class Count(int):
    """A number that brings its noun along in English: `{n:question|questions}` reads 1 question, 2 questions."""

    def __format__(self, spec: str) -> str:
        one, bar, more = spec.partition("|")
        return f"{int(self)} {one if self == 1 else more}" if bar else super().__format__(spec)


def t(key: str, lang: Language, **values: object) -> str:
    """The words of `key` in a language, with `values` filled in; KeyError for a key that the table does not have."""
    chinese, english = TABLE[key]
    counted = {name: Count(value) if isinstance(value, int) else value for name, value in values.items()}
    return (chinese if lang == "zh" else english).format(**counted)
