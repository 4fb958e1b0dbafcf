"""Transcripts as files, built in memory from the store on each request; and the archive of everything."""

from fastapi import FastAPI, HTTPException
from fastapi.responses import Response, StreamingResponse

from interview.errors import NotFound
from interview.export import WRITERS, Form
from interview.models import Transcript
from interview.service.archive import Archive
from interview.service.archive_jobs import ArchiveJobs
from interview.ui.strings import t

_MOST = 500  # sessions in one file
_FORMS: dict[str, tuple[Form, str]] = {
    "html": ("html", "text/html; charset=utf-8"),
    "md": ("markdown", "text/markdown; charset=utf-8"),
    "json": ("json", "application/json"),
    "jsonl": ("jsonl", "application/x-ndjson"),
}
SUFFIXES = tuple(_FORMS)


def download_link(session_id: str, suffix: str) -> str:
    """Address of a session's transcript; `suffix` is one of SUFFIXES."""
    return f"/export/{session_id}.{suffix}"


def everything_link(job_id: str) -> str:
    """Address of the archive that a job built."""
    return f"/archive/{job_id}.zip"


def add_downloads(app: FastAPI, archive: Archive, archives: ArchiveJobs) -> None:
    """Add `/export/<session>.<suffix>`, several ids joined by `+`, and `/archive/<job>.zip`; 404 for anything else.

    409 says that a mock interview among them still runs, and tells its grades at its end.
    """

    def export(session_ids: str, suffix: str) -> Response:
        ids = list(dict.fromkeys(session_ids.split("+")))
        if suffix not in _FORMS or len(ids) > _MOST:
            raise HTTPException(404)
        try:
            transcripts = [archive.exported(session_id) for session_id in ids]
        except NotFound as error:
            raise HTTPException(404) from error
        if any(transcript.session.tells_nothing_yet for transcript in transcripts):
            raise HTTPException(409, t("untold.room", transcripts[0].session.plan.lang))
        form, media_type = _FORMS[suffix]
        headers = {"content-disposition": f'attachment; filename="{_name(transcripts)}.{suffix}"'}
        return Response(WRITERS[form](transcripts).encode("utf-8", "replace"), media_type=media_type, headers=headers)

    def everything(job_id: str) -> StreamingResponse:
        try:
            content, head = archives.content(job_id), archives.exported(job_id).head
        except NotFound as error:
            raise HTTPException(404) from error
        if archives.is_silent():
            raise HTTPException(409, t("export.silent", "en"))
        headers = {"content-disposition": f'attachment; filename="viva-everything-{head[:12]}.zip"'}
        return StreamingResponse(content, media_type="application/zip", headers=headers)

    app.add_api_route("/archive/{job_id}.zip", everything)
    app.add_api_route("/export/{session_ids}.{suffix}", export)


def _name(transcripts: list[Transcript]) -> str:
    name = f"viva-{transcripts[0].session.created_at:%Y-%m-%d-%H%M}"
    return name if len(transcripts) == 1 else f"{name}-and-{len(transcripts) - 1}-more"
