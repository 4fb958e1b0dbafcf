"""A reference answer as Markdown with the images of its notes, and the route that serves these."""

from collections.abc import Callable
from urllib.parse import quote

from fastapi import FastAPI, HTTPException
from fastapi.responses import Response

from interview.models import Language, Question
from interview.notes.images import ImageFile
from interview.ui.safe_text import safe_reference
from interview.ui.strings import t

# Tells of a notes file, by its name in a question, and of a source written there, the image of the notes in use.
FindImage = Callable[[str, str], ImageFile | None]
_ROUTE = "/notes/image"


def reference_markdown(question: Question, lang: Language, find_image: FindImage) -> str:
    """The reference answer, safe to stand in Gradio's Markdown; what cannot be shown of its images is words."""

    def address_of(source: str) -> str | None:
        if find_image(question.file, source) is None:
            return None
        return f"{_ROUTE}?file={quote(question.file, safe='')}&source={quote(source, safe='')}"

    return safe_reference(question.reference, address_of, t("feedback.image", lang))


def add_images(app: FastAPI, find_image: FindImage) -> None:
    """Add the route of the addresses in `reference_markdown`; 404 for anything else."""

    def image(file: str = "", source: str = "") -> Response:
        found = find_image(file, source)
        if found is None:
            raise HTTPException(404)
        try:
            return Response(found.path.read_bytes(), media_type=found.media_type)
        except OSError as error:
            raise HTTPException(404) from error

    app.add_api_route(_ROUTE, image)
