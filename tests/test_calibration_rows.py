"""Reading human-graded answers: strictly, and whatever is wrong is told with its row."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.calibration.human_grades import read_human_grades
from interview.errors import ContentError

ROW: dict[str, Any] = {
    "id": "a1",
    "question_id": "q1",
    "question": "What does a cache do?",
    "reference": "It keeps copies of what was asked for, so that the next request is faster.",
    "answer": "It keeps copies.",
    "score": 2,
    "max_score": 4,
}


def written(tmp_path: Path, *rows: dict[str, Any] | str, name: str = "rows.jsonl") -> Path:
    path = tmp_path / name
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    return path


def refused(path: Path) -> str:
    with pytest.raises(ContentError) as caught:
        read_human_grades(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_row(tmp_path: Path):
    more = {"references": [ROW["reference"], "Another good answer."], "score_a": 1, "score_b": 3, "label3": "ignored"}
    grades = read_human_grades(written(tmp_path, {**ROW, **more}, {**ROW, "id": "a2", "score": 4, "answer": ""}))
    first, second = grades.rows
    assert (first.row, first.id, first.question.id, first.grade, first.lang) == (1, "a1", "q1", 0.5, "en")
    assert (first.rater_a, first.rater_b) == (0.25, 0.75)
    assert first.references == (ROW["reference"], "Another good answer.")
    assert first.question.reference == ROW["reference"]
    assert (second.grade, second.answer, second.references, second.rater_a) == (1.0, "", (ROW["reference"],), None)
    assert grades.levels == (0.5, 1.0)
    assert grades.questions == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        *(({name: ...}, f"missing columns: {name}") for name in ROW),
        ({"score": 4.5}, "score: expected a score from 0 to max_score (4), found 4.5"),
        ({"score": -1}, "score: expected a score from 0"),
        ({"score": True}, "score: expected a number, found true"),
        ({"score": "two"}, 'score: expected a number, found "two"'),
        ({"score": 10**400}, "score: expected a number"),
        ({"max_score": 0}, "max_score: expected a number above 0"),
        ({"question": "  "}, "question: expected a text"),
        ({"answer": None}, "answer: expected a text, found null"),
        ({"answer": 3}, "answer: expected a text, found 3"),
        ({"references": "not a list"}, "expected JSON"),
        ({"references": [1]}, "references: expected a list of texts"),
        ({"score_a": 1}, "expected both score_a and score_b"),
        ({"score_a": 1, "score_b": 5}, "score_b: expected a score from 0"),
        ({"lang": "de"}, 'lang: expected zh or en, found "de"'),
        ({"id": "a0"}, "id: 'a0' is the id of row 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(tmp_path: Path, change: dict[str, Any], said: str):
    row = {name: found for name, found in {**ROW, **change}.items() if found is not ...}
    message = refused(written(tmp_path, {**ROW, "id": "a0"}, "", row))
    assert ": row 3: " in message
    assert said in message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "expected JSON"),
        ("[1]", "expected a JSON object"),
        ('{"id": "a", "id": "b"}', "the key 'id' stands there twice"),
        ('{"score": NaN}', "NaN is no number"),
        ("[" * 100_000, "brackets within brackets"),
    ],
)
def test_a_line_that_is_no_row(tmp_path: Path, line: str, said: str):
    message = refused(written(tmp_path, ROW, line))
    assert ": row 2: " in message
    assert said in message


@pytest.mark.parametrize("text", ["", "\n \n", "id,question\n"])
def test_no_row_at_all(tmp_path: Path, text: str):
    assert "0 rows" in refused(written(tmp_path, text, name="rows.csv" if "," in text else "rows.jsonl"))


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path):
    assert "cannot be read" in refused(tmp_path / "none.jsonl")
    path = tmp_path / "gbk.jsonl"
    path.write_bytes(b"\n" + "一二三".encode("gbk"))
    assert ": row 2: not UTF-8" in refused(path)


def test_two_languages_in_one_set(tmp_path: Path):
    chinese = {**ROW, "id": "a2", "question": "缓存有什么用？", "reference": "保存副本，下次更快。", "answer": "更快"}
    message = refused(written(tmp_path, ROW, chinese))
    assert ": row 2: mixed languages: this row is zh, row 1 is en" in message
    named = [{**ROW, "lang": "zh"}, {**chinese, "lang": "zh"}]
    assert {row.lang for row in read_human_grades(written(tmp_path, *named)).rows} == {"zh"}


def test_a_row_of_terms_alone_takes_the_language_of_the_others(tmp_path: Path):
    chinese = {**ROW, "question": "解释缓存", "reference": "保存副本"}
    terms = {**ROW, "id": "a2", "question": "写出 CDN, LRU, TTL 的含义", "reference": "content, recent, time to live"}
    assert {row.lang for row in read_human_grades(written(tmp_path, terms, {**chinese, "id": "a3"})).rows} == {"zh"}


def test_csv_with_quotes_line_breaks_and_a_list(tmp_path: Path):
    path = tmp_path / "rows.csv"
    columns = [*ROW, "references", "score_a", "score_b"]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerow([*({**ROW, "answer": 'two\nlines, "quoted"'}).values(), '["One.", "Two."]', "1", "2"])
        writer.writerow([*({**ROW, "id": "a2"}).values(), "", "", ""])
    first, second = read_human_grades(path).rows
    assert first.answer == 'two\nlines, "quoted"'
    assert first.references == (ROW["reference"], "One.", "Two.")
    assert (first.row, second.row, first.rater_a, second.rater_a) == (2, 4, 0.25, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,id\n1,2\n", "row 1: the column 'id' stands there twice"),
        ("id,answer\n1\n", "row 2: expected 2 cells as in the first row, found 1"),
        ('id,answer\n1,"open\n', "row 2: expected CSV"),
        ("id,answer\n1,x\n", "row 2: missing columns: question_id, question, reference, score, max_score"),
    ],
)
def test_csv_that_cannot_be_used(tmp_path: Path, text: str, said: str):
    assert said in refused(written(tmp_path, text, name="rows.csv"))


def test_a_sample_is_seeded_and_keeps_the_order_of_the_file(tmp_path: Path):
    grades = read_human_grades(written(tmp_path, *({**ROW, "id": f"a{i}", "score": i % 5} for i in range(30))))
    drawn = grades.sample(8, 3)
    assert drawn == grades.sample(8, 3)
    assert drawn != grades.sample(8, 4)
    assert [row.row for row in drawn.rows] == sorted({row.row for row in drawn.rows})
    assert len(drawn.rows) == 8
    assert drawn.levels == grades.levels
    assert grades.sample(99, 3).rows == grades.rows


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes):
    for name in ("any.jsonl", "any.csv"):
        path = tmp_path_factory.getbasetemp() / name
        path.write_bytes(raw)
        with pytest.raises(ContentError):
            read_human_grades(path)
