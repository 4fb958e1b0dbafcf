"""The options that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Lang = Literal["zh", "en"]

DataDir = Annotated[Path | None, typer.Option("--data-dir", metavar="DIR", help="Where the database lies.")]
RubricsDir = Annotated[Path | None, typer.Option("--rubrics", metavar="DIR", help="Folder of the rubrics.")]
PromptsDir = Annotated[Path | None, typer.Option("--prompts", metavar="DIR", help="Folder of the prompts.")]
NotesPaths = Annotated[
    list[Path] | None, typer.Option("--notes", metavar="PATH", help="Markdown file or folder; repeatable.")
]
WithBank = Annotated[
    bool | None, typer.Option("--with-bank", help="Ask the questions that come with Viva, too.", show_default=False)
]
LangOption = Annotated[Lang | None, typer.Option("--lang", help="Language to begin with.")]
SessionId = Annotated[str, typer.Argument(metavar="SESSION", help="Id of a session, as `sessions list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Mode = Annotated[
    str | None,
    typer.Option("--mode", metavar="M", help="How to judge: single, careful, vote=K (odd), panel=GRADER,GRADER."),
]
