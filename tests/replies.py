"""Replies as models write them, and what each must be read as, or that it must not be read at all."""

import json
from typing import Any

from interview.grading.reply import ReplyForm

FORM = ReplyForm(("k1", "k2"), {"depth": ("low", "mid", "high"), "copy": ("no", "some", "yes")}, ("p1", "p2"))


def content(verdict: str = "covered", **changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "key_points": {
            "k1": {"quote": "softmax over the keys", "reason": "said so", "verdict": verdict},
            "k2": {"quote": "", "reason": "not there", "verdict": "missing"},
        },
        "criteria": {
            "depth": {"quote": "", "reason": "a cause is given", "level": "mid"},
            "copy": {"quote": "", "reason": "orderly", "level": "yes"},
        },
        "pitfalls": [{"id": "p2", "quote": "it is linear", "reason": "asserted"}],
        "errors": [{"quote": "the sum is two", "reason": "it is one", "severity": "major"}],
        "reference_check": {"quote": "", "reason": "", "status": "ok"},
        "feedback": "Good start.",
    }
    return {**whole, **changes}


def point(**changes: Any) -> dict[str, Any]:
    return {**content()["key_points"]["k1"], **changes}


GOOD = json.dumps(content())
OTHER = json.dumps(content("partial"))
EXPECTED = FORM.read(GOOD)
PRETTY = json.dumps(content(), indent=2)
LATEX = r"\frac{QK^T}{\sqrt{d}} \(x\) \theta \beta \nabla \rho \times \text{a} \underline{u} \{y\} \not= \% \tau"


def with_text(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def with_point(**changes: Any) -> str:
    return json.dumps(content(key_points={**content()["key_points"], "k1": point(**changes)}))


# The oracle: each of these means GOOD and nothing else.
RECOVERED = {
    "plain": GOOD,
    "pretty": PRETTY,
    "white space around": f"\n\n  {GOOD}\n",
    "byte order mark": "\ufeff" + GOOD,
    "fence": f"```json\n{PRETTY}\n```",
    "fence without language": f"```\n{GOOD}\n```",
    "fence never closed": f"```json\n{GOOD}",
    "prose before": f"Here is my judgement:\n{GOOD}",
    "prose after": f"{GOOD}\nI hope this helps!",
    "prose with braces and quotes": f'I read {{"the" answer}} and {{it}}; a 5" quote {{. {GOOD} So {{}} there.',
    "thoughts": f"<think>k1 looks covered.</think>{GOOD}",
    "thoughts with a draft": f"<think>First idea: {OTHER} no.</think>\n{GOOD}",
    "thoughts with half a draft": f"<think>First idea: {OTHER[:80]} no.</think>\n{GOOD}",
    "thoughts that the template opened": f"k1 maybe: {OTHER}\n</think>\n\n{GOOD}",
    "thoughts and fence": f"<think>\n\n</think>\n```json\n{GOOD}\n```",
    "a draft first": f"{OTHER}\nOn reflection:\n{GOOD}",
    "the shape first": f"{FORM.shape}\n{GOOD}",
    "another object after": f'{GOOD}\n{{"note": "done"}}',
    "trailing commas": GOOD.replace("]", ",]").replace("}", ", }"),
    "in a list": f"[{GOOD}]",
    "escaped unicode": json.dumps(content(), ensure_ascii=True),
    "other order of fields": json.dumps(dict(reversed(content().items()))),
}

UNUSABLE = {
    "empty": "",
    "prose": "The answer is quite good. I would give it 8 out of 10.",
    "null": "null",
    "empty object": "{}",
    "score only": '{"score": 10}',
    "list of verdicts": '["covered", "missing"]',
    "the shape itself": FORM.shape,
    "half a reply": GOOD[: len(GOOD) // 2],
    "last brace missing": GOOD[:-1],
    "a whole draft, then half a reply": f"{OTHER}\n{GOOD[:-40]}",
    "a whole draft, then a python dict": f"{OTHER}\n{content()}",
    "thoughts without end": f"<think>maybe {GOOD}",
    "a draft in thoughts and no reply": f"<think>maybe {GOOD}</think> I cannot judge this.",
    "a draft before the closing mark and no reply": f"maybe {GOOD}</think> I cannot judge this.",
    "single quotes": str(content()),
    "no quotes": GOOD.replace('"', ""),
    "comments": GOOD.replace("{", "{ // here\n", 1),
    "unescaped quotes": with_text("said so", 'said "so"'),
    "missing comma": GOOD.replace(", ", " "),
    "key twice": with_text('"feedback":', '"feedback": "x", "feedback":'),
    "key point twice": with_text('"k2": {', '"k1": {"quote": "", "reason": "", "verdict": "missing"}, "k2": {'),
    "verdict twice": with_text('"verdict": "covered"', '"verdict": "missing", "verdict": "covered"'),
    "NaN": with_text('"Good start."', "NaN"),
    "Infinity": with_text('"Good start."', "-Infinity"),
    "a number without end": with_text('"Good start."', "1e999"),
    "lone surrogate": with_text("Good start.", "\\ud800"),
    "lone surrogate as a key": with_text('"feedback":', '"\\udc00": "", "feedback":'),
    "brackets": "[" * 100_000,
    "braces": "{" * 100_000,
    "objects without end": '{"a":' * 30_000,
    "objects nested deeply": '{"a":' * 20_000 + "1" + "}" * 20_000,
    "quotes": '{"' * 50_000,
    "escaped quotes": '{"' + '\\"{' * 50_000,
    "many objects": '{"k": 1}' * 20_000,
    "very long": " " * 300_000 + GOOD,
    "key point missing": json.dumps(content(key_points={"k1": point()})),
    "key point invented": json.dumps(content(key_points={**content()["key_points"], "k3": point()})),
    "key points as a list": json.dumps(content(key_points=[{"id": "k1", **point()}])),
    "verdict missing": json.dumps(content(key_points={**content()["key_points"], "k1": {"quote": "", "reason": ""}})),
    "verdict invented": with_point(verdict="mostly"),
    "verdict in capitals": with_point(verdict="Covered"),
    "verdict cut": with_point(verdict="cov"),
    "verdict as a number": with_point(verdict=1),
    "quote null": with_point(quote=None),
    "quote a list": with_point(quote=["a", "b"]),
    "score added to a point": with_point(score=1),
    "total added": json.dumps(content(score=10)),
    "level invented": with_text('"level": "mid"', '"level": "yes"'),
    "criterion missing": json.dumps(content(criteria={"depth": content()["criteria"]["depth"]})),
    "pitfall invented": json.dumps(content(pitfalls=[{"id": "p9", "quote": "", "reason": ""}])),
    "severity invented": json.dumps(content(errors=[{"quote": "", "reason": "", "severity": "fatal"}])),
    "status invented": json.dumps(content(reference_check={"quote": "", "reason": "", "status": "wrong"})),
    "feedback missing": json.dumps({name: one for name, one in content().items() if name != "feedback"}),
    "in a wrapper": json.dumps({"reply": content()}),
    "as a string": json.dumps(GOOD),
    "refusal": "I'm sorry, but I can't help with that.",
    "HTML": "<html><body><h1>502 Bad Gateway</h1></body></html>",
}

FORMULAS = (
    r"\frac{QK^T}{\sqrt{d}}",
    r"\(x_i\) and \[y\]",
    r"\theta \times \tau",
    r"\nabla L = \rho",
    r"\beta_1, \bar{x}, \begin{matrix}",
    r"\text{softmax}(z)",
    r"\underline{u} \{y\}",
    r"\alpha \le \not= \%",
)
# Each means GOOD with that formula for a quote, whether its backslashes were escaped or not.
WITH_FORMULAS = {
    **{with_text("softmax over the keys", formula): formula for formula in (*FORMULAS, LATEX)},
    **{with_text("softmax over the keys", json.dumps(formula)[1:-1]): formula for formula in (*FORMULAS, LATEX)},
}
