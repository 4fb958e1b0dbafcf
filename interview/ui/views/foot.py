"""What stands between the conversation and the composer: when the question comes back."""

from interview.models import Language, Rated, Rating, Suggestion
from interview.scheduling import RATINGS
from interview.ui.strings import t
from interview.ui.views.view import ViewValue


def rating_bar(offered: Suggestion | None, given: Rated | None, lang: Language) -> ViewValue:
    """The four ratings, each with the day that it leads to; a click selects one (`rating`, 0 takes it back).

    Nothing is drawn while there is nothing to rate. Where no judgement says anything, none is suggested.
    """
    if offered is None:
        return {}
    chosen = given.rating if given else offered.suggested
    return {
        "title": t("rating.title", lang),
        "text": _sentence(offered.suggested, given, lang),
        "ratings": [
            {
                "rating": rating,
                "label": t(f"rating.{rating}", lang),
                "due": due.isoformat(),
                "chosen": rating == chosen,
            }
            for rating, due in zip(RATINGS, offered.dues, strict=True)
        ],
        "given": given is not None,
        "fixed": given is not None and not given.can_undo,
        "undo": t("rating.undo", lang) if given and given.can_undo else "",
    }


def _sentence(suggested: Rating | None, given: Rated | None, lang: Language) -> str:
    if given is not None:
        return t("rating.given", lang)
    if suggested is None:
        return t("rating.none", lang)
    return t("rating.suggested", lang, rating=t(f"rating.{suggested}", lang))
