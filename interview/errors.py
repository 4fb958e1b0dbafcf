r"""The exceptions of Viva. Each text is written for the person who reads it: what happened, where, what to do.

VivaError
├── ContentError            notes, a rubric, a prompt or a setting cannot be used
│   └── EndpointMistake     an address, a key or the name of a model cannot be right
├── AnswerRefused           the answer cannot be taken as it is; the text stays in the box
├── TextTooLong             a field of the page has more characters than any field may have
├── VerdictRefused          an appeal or an own verdict cannot be taken
├── AlreadyAnswered         this Turn has an Answer with another text
├── ChecklistRefused        the key points cannot be saved as they are; the text names the line
├── ChecklistChanged        the key points have a newer version than the one that was edited
├── OrderChanged            who takes over was changed by somebody else since the page was drawn
├── TooLate                 a rating cannot be changed or taken back any more
├── ModelNeeded             this needs a model, and the grader in use has none
├── NotFound                no such session, turn, answer or grader
│   ├── Deleted             it was deleted; the text that was sent stays in the box
│   └── GraderLeftOut       its part of `backends.toml` cannot be used until somebody corrects it
├── StoreError              the data folder or the database cannot be used
│   ├── StoreHeld           another process writes to this data folder
│   ├── StoreBusy           another program holds the database; nothing was written, try again
│   ├── DamagedDatabase     the database file is damaged, empty or foreign; it is left as it is
│   └── DamagedRow          a stored row cannot be read any more; the others can
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
    "address_wrong",  # the address redirects, or offers no chat completions
    "quota_exhausted",
    "context_exceeded",
    "prompt_cut",  # the server read less than it was sent, and did not say so
    "content_refused",
    "request_refused",
]
# Every call to the endpoint fails alike until somebody changes its settings or its account, whatever is asked.
NEEDS_CHANGE: frozenset[FaultClass] = frozenset({"key_refused", "model_unknown", "address_wrong", "quota_exhausted"})

# What the likely mistake is, where more is known than the fault.
Cause = Literal["", "no_key", "key_of_other", "redirected", "through_proxy", "no_chat_model"]
Mistake = Literal[
    "credentials",  # a user name or password in the address
    "unreadable",
    "scheme",
    "placeholder",
    "no_host",
    "query",
    "route",  # the address ends in what Viva adds
    "path",  # the address lacks /v1 or the like
    "key_characters",
    "key_missing",
    "model_missing",
    "plain_http",  # to a host of the internet
    "key_of_other",
    "no_chat_model",
]


class VivaError(Exception):
    """Base of every error that Viva raises on purpose; its text may be shown to the user as it stands."""


class ContentError(VivaError):
    """Notes, a rubric, a prompt or a setting cannot be used; the text names file, line and what was expected."""


class EndpointMistake(ContentError):
    """An address, a key or the name of a model cannot be right; the text names the mistake and the likely fix."""

    def __init__(self, text: str, mistake: Mistake, **names: str) -> None:
        """`names` are what the sentence is about, for a screen in another language; never a key."""
        super().__init__(text)
        self.mistake: Mistake = mistake
        self.names = names


class TextTooLong(VivaError):
    """A field of the page has more characters than any field may have; nothing was done with it."""

    def __init__(self, text: str, limit: int) -> None:
        """`limit` is for a screen in another language."""
        super().__init__(text)
        self.limit = limit


class AnswerRefused(VivaError):
    """The answer cannot be taken (too long); nothing was stored and the text stays in the box."""


class VerdictRefused(VivaError):
    """An appeal or an own verdict cannot be taken; nothing was stored."""


class AlreadyAnswered(VivaError):
    """The Turn has an Answer with another text; both texts stay where they are."""


class ChecklistRefused(VivaError):
    """The key points cannot be saved as they are written; nothing was stored."""


class ChecklistChanged(VivaError):
    """The key points have a newer version than the one that was edited; nothing was stored, and nothing lost."""


class OrderChanged(VivaError):
    """Who takes over was changed by somebody else since it was shown; nothing was written, and nothing lost."""


class TooLate(VivaError):
    """A rating cannot be changed or taken back any more; nothing was changed."""


class ModelNeeded(VivaError):
    """Something is asked of a model, and the grader in use has none."""


class NotFound(VivaError):
    """No session, turn, answer or grader has this name."""


class StoreError(VivaError):
    """The data folder or the database cannot be used."""


class StoreHeld(StoreError):
    """Another process writes to this data folder; the text says which."""


class StoreBusy(StoreError):
    """Another program holds the database for too long; nothing was written, and the same can be sent again."""


class DamagedDatabase(StoreError):
    """The database file is damaged, empty, or of another program; it was left as it is."""


class DamagedRow(StoreError):
    """A stored row cannot be read any more; the text names it."""


class Deleted(NotFound):
    """What was deleted takes no text any more; what was sent stays where it is."""


class GraderLeftOut(NotFound):
    """The part of `backends.toml` that would describe the grader cannot be used; the text says why."""


class BackendError(VivaError):
    """A call to a model failed. `fault` and the text are kept; the provider's own text never is."""

    def __init__(
        self, text: str, *, fault: FaultClass, retry_after: float | None = None, cause: Cause = "", hint: str = ""
    ) -> None:
        """`retry_after`: seconds that the endpoint asked us to wait, if it did. `hint`: what `cause` is about."""
        super().__init__(text)
        self.fault: FaultClass = fault
        self.retry_after = retry_after
        self.cause: Cause = cause
        self.hint = hint


class PassingFault(BackendError):
    """May work later without anybody changing anything."""


class LastingFault(BackendError):
    """Will fail again until somebody changes the key, the model, the settings or the text."""
