"""The cards of the screen: pure functions from values and a language to what the script draws.

Names that the style and the script rely on. Rows and columns: `top`, `setup` (`setup-main`, `setup-side`), `talk`
(`q-card` with `q-head`, `q-actions`, `chat`, `foot`; beside it `practice-right`), `sessions`, `room` (`room-top`,
`room-body` with `room-left`, `room-right`, `room-pair`). Single ones: `tabs`, `grader`, `lang`, `dark`, `composer`,
`start`, `feedback`. Classes: `card` (a Column on paper), `pill` (a small button), `link` (a button without a frame),
`segments` (a Radio as one bar), `chips` (a CheckboxGroup as chips), `tight` (a Row that does not wrap).
"""

from interview.ui.views.frame import banner, brand, left_out, notice, waiting
from interview.ui.views.grade import edges_of, flag_text, grade_card, marks_of, reason_sentence
from interview.ui.views.how import how_card
from interview.ui.views.line import verdict_line
from interview.ui.views.parts import mark_of, mark_word, shown_grading
from interview.ui.views.question import question_head, separator
from interview.ui.views.report import report_card
from interview.ui.views.review import answer_segments, grades_list
from interview.ui.views.setup import notes_card, setup_head, unfinished_card
from interview.ui.views.transcripts import room_head, room_nav, session_rows
from interview.ui.views.view import ViewName, ViewValue, inline_view, view

__all__ = [
    "ViewName",
    "ViewValue",
    "answer_segments",
    "banner",
    "brand",
    "edges_of",
    "flag_text",
    "grade_card",
    "grades_list",
    "how_card",
    "inline_view",
    "left_out",
    "mark_of",
    "mark_word",
    "marks_of",
    "notes_card",
    "notice",
    "question_head",
    "reason_sentence",
    "report_card",
    "room_head",
    "room_nav",
    "separator",
    "session_rows",
    "setup_head",
    "shown_grading",
    "unfinished_card",
    "verdict_line",
    "view",
    "waiting",
]
