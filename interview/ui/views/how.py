"""The card that stands beside an open question: how the answer will be graded, and the keys."""

from collections.abc import Sequence

from interview.models import Language
from interview.rubrics import Rubric
from interview.ui.strings import t
from interview.ui.views.parts import number
from interview.ui.views.view import ViewValue

_KEYS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("Enter",), "submit"),
    (("Shift", "Enter"), "line"),
    (("?",), "list"),
    (("Enter",), "go_on"),
    (("Alt", "1–3"), "sure"),
    (("1–4",), "rate"),
    (("Alt", "H"), "hint"),
    (("Alt", "R"), "reveal"),
    (("Alt", "O"), "source"),
    (("Alt", "S"), "skip"),
    (("Alt", "A"), "again"),
)


def how_card(rubric: Rubric | None, lang: Language) -> ViewValue:
    """How the score comes about by this rubric; None stands for the coverage estimate, which judges nothing."""
    return {
        "close": t("sheet.close", lang),
        "title": t("how.title", lang),
        "text": t("how.judge" if rubric else "how.estimate", lang),
        "parts": _parts(rubric, lang) if rubric else [],
        "sum": _formula(rubric, lang) if rubric else "",
        "keys_title": t("how.keys", lang),
        "keys": _keys(_KEYS[:3], lang),
    }


def keys_card(lang: Language) -> ViewValue:
    """Every key of the interview, for the list that `?` opens."""
    return {"title": t("how.keys", lang), "close": t("sheet.close", lang), "keys": _keys(_KEYS, lang)}


def _keys(keys: Sequence[tuple[tuple[str, ...], str]], lang: Language) -> list[ViewValue]:
    return [{"keys": list(names), "text": t(f"key.{does}", lang)} for names, does in keys]


def _parts(rubric: Rubric, lang: Language) -> list[ViewValue]:
    credit = {verdict: f"{share:g}" for verdict, share in rubric.credit.items()}
    parts = [{"label": t("bar.points", lang), "text": t("how.points", lang, **credit), "share": ""}]
    for criterion in rubric.criteria:
        share = t("how.up_to", lang, n=f"{criterion.weight * 100:g}")
        parts.append({"label": criterion.title[lang], "text": criterion.levels[-1].anchor[lang], "share": share})
    return parts


def _formula(rubric: Rubric, lang: Language) -> str:
    factors = f"{number(rubric.max_score)} × {t('how.points_factor', lang)}"
    if not rubric.criteria:
        return factors
    terms = [f"{criterion.weight:.2f}·{criterion.title[lang].lower()}" for criterion in rubric.criteria]
    return f"{factors} × ({' + '.join([f'{rubric.base:.2f}', *terms])})"
