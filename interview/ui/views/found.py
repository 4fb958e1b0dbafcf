"""What a search finds: turns with the words in their place, and what came of an import."""

from collections.abc import Sequence

from interview.models import Hit, Imported, Language
from interview.service.everything import Exported
from interview.store.whole import Merged
from interview.ui.safe_text import card_line
from interview.ui.strings import t
from interview.ui.views.parts import mark_word, number
from interview.ui.views.view import ViewValue


def hit_rows(hits: Sequence[Hit], words: str, lang: Language) -> ViewValue:
    """One button per turn that was found, in the order given; a click selects it (`turn`)."""
    missing = t("find.nothing_for", lang, words=words.strip()) if words.strip() else t("find.nothing", lang)
    return {"empty": "" if hits else missing, "rows": [_hit(hit, lang) for hit in hits]}


def import_card(
    came: Imported | None, problems: Sequence[str], unusable: int, usable: int, lang: Language
) -> ViewValue:
    """What an import came to; where something cannot be used, what, and how many sessions could be taken in."""
    said: list[str] = []
    if came is not None:
        said.append(t("import.came", lang, added=came.added))
        said += [t("import.known", lang, n=came.known)] if came.known else []
        said += [t("import.restored", lang, n=came.restored)] if came.restored else []
    if not said and not problems:
        return {}
    title = t("import.broken", lang, n=unusable, m=usable) if problems else ""
    more = [t("import.more", lang, n=unusable - len(problems))] if unusable > len(problems) else []
    return {"said": said, "title": title, "problems": [*problems, *more]}


def merged_card(merged: Merged, lang: Language) -> ViewValue:
    """What came of the import of an archive."""
    said = [t("import.came", lang, added=merged.sessions), t("import.rows", lang, n=merged.added, m=merged.known)]
    said += [t("import.kept", lang, n=merged.kept)] if merged.kept else []
    said += [t("import.waiting", lang, n=merged.waiting)] if merged.waiting else []
    title = t("import.left_out", lang, n=merged.unplaced) if merged.unplaced else ""
    named = [f"{one.table} {one.id}: {t(f'import.no_{one.why}', lang)}" for one in merged.left_out[:20]]
    return {"said": said, "title": title, "problems": named}


def exported_card(exported: Exported, link: str, lang: Language) -> ViewValue:
    """What an archive holds, its head, and the link to it; damaged rows by name."""
    said = [t("export.done", lang, n=exported.sessions, m=exported.answers), t("export.head", lang, head=exported.head)]
    return {
        "said": said,
        "title": t("export.damaged", lang, n=len(exported.damaged)) if exported.damaged else "",
        "problems": [f"{one.table} {one.id}: {one.what}" for one in exported.damaged[:20]],
        "link": {"label": t("export.download", lang), "href": link},
    }


def _hit(hit: Hit, lang: Language) -> ViewValue:
    pieces: list[ViewValue] = []
    at = 0
    for start, end in hit.spans:
        pieces += [{"text": hit.snippet[at:start]}, {"text": hit.snippet[start:end], "hit": True}]
        at = end
    pieces.append({"text": hit.snippet[at:]})
    before, after = hit.cut
    score = "–" if hit.score is None else number(hit.score)
    untold = [t("untold.short", lang)] if hit.mark == "answered" else []
    return {
        "turn": hit.turn_id,
        "question": "" if hit.field == "question" else card_line(hit.question),
        "field": "" if hit.field == "question" else t(f"find.in_{hit.field}", lang),
        "pieces": [{"text": "…" if before else ""}, *pieces, {"text": "…" if after else ""}],
        "meta": [hit.title, hit.section, mark_word(hit.mark, lang), *untold],
        "star": t("star.on", lang) if hit.starred else "",
        "tone": hit.mark,
        "score": score,
        "at": hit.at.isoformat(),
    }
