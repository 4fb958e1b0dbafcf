"""Transcripts as files: built in memory from the store on each request, never written to disk."""

from fastapi import FastAPI, HTTPException
from fastapi.responses import Response

from interview.errors import NotFound
from interview.export import transcript_json, transcript_markdown
from interview.service.interviewer import Interviewer

_FORMATS = {
    "md": (transcript_markdown, "text/markdown; charset=utf-8"),
    "json": (transcript_json, "application/json"),
}


def download_link(session_id: str, suffix: str) -> str:
    """Address of a session's transcript; `suffix` is `md` or `json`."""
    return f"/export/{session_id}.{suffix}"


def add_downloads(app: FastAPI, interviewer: Interviewer) -> None:
    """Add `/export/<session>.md` and `/export/<session>.json` to the app; 404 for anything else."""

    def export(session_id: str, suffix: str) -> Response:
        if suffix not in _FORMATS:
            raise HTTPException(404)
        try:
            session = interviewer.session(session_id)
        except NotFound as error:
            raise HTTPException(404) from error
        write, media_type = _FORMATS[suffix]
        name = f"viva-{session.created_at:%Y-%m-%d-%H%M}.{suffix}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(write(session).encode("utf-8", "replace"), media_type=media_type, headers=headers)

    app.add_api_route("/export/{session_id}.{suffix}", export)
