r"""The exceptions of Viva. Each text is written for the person who reads it: what happened, where, what to do.

VivaError
├── ContentError            notes, a rubric, a prompt or a setting cannot be used
├── AnswerRefused           the answer cannot be taken as it is; the text stays in the box
├── AlreadyAnswered         this Turn has an Answer with another text
├── ChecklistRefused        the key points cannot be saved as they are; the text names the line
├── ChecklistChanged        the key points have a newer version than the one that was edited
├── ModelNeeded             this needs a model, and the grader in use has none
├── NotFound                no such session, turn, answer or grader
├── StoreError              the data folder or the database cannot be used
│   └── StoreHeld           another process writes to this data folder
└── BackendError            a call to a model failed
    ├── PassingFault        may work later: unreachable, timed out, rate limited, server fault
    └── LastingFault        will not work until somebody changes something: key, model, quota, context, content
"""

from typing import Literal

FaultClass = Literal[
    "unreachable",
    "timed_out",
    "rate_limited",
    "server_fault",
    "bad_reply",  # the reply could not be used
    "key_refused",
    "model_unknown",
    "quota_exhausted",
    "context_exceeded",
    "content_refused",
    "request_refused",
]


class VivaError(Exception):
    """Base of every error that Viva raises on purpose; its text may be shown to the user as it stands."""


class ContentError(VivaError):
    """Notes, a rubric, a prompt or a setting cannot be used; the text names file, line and what was expected."""


class AnswerRefused(VivaError):
    """The answer cannot be taken (too long); nothing was stored and the text stays in the box."""


class AlreadyAnswered(VivaError):
    """The Turn has an Answer with another text; both texts stay where they are."""


class ChecklistRefused(VivaError):
    """The key points cannot be saved as they are written; nothing was stored."""


class ChecklistChanged(VivaError):
    """The key points have a newer version than the one that was edited; nothing was stored, and nothing lost."""


class ModelNeeded(VivaError):
    """Something is asked of a model, and the grader in use has none."""


class NotFound(VivaError):
    """No session, turn, answer or grader has this name."""


class StoreError(VivaError):
    """The data folder or the database cannot be used."""


class StoreHeld(StoreError):
    """Another process writes to this data folder; the text says which."""


class BackendError(VivaError):
    """A call to a model failed. `fault` is what the store keeps; the provider's own text is never kept."""

    def __init__(self, text: str, *, fault: FaultClass, retry_after: float | None = None) -> None:
        """`retry_after`: seconds that the endpoint asked us to wait, if it did."""
        super().__init__(text)
        self.fault: FaultClass = fault
        self.retry_after = retry_after


class PassingFault(BackendError):
    """May work later without anybody changing anything."""


class LastingFault(BackendError):
    """Will fail again until somebody changes the key, the model, the settings or the text."""
