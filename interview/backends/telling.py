"""Tells the user what went wrong with a call: the sentence, with the likely mistake as far as the endpoint shows it."""

from interview.backends.endpoint import Endpoint
from interview.backends.faults import CallFailed, in_words
from interview.backends.presets import owner_of
from interview.errors import BackendError, Cause, LastingFault, PassingFault
from interview.settings.proxies import proxy_for


def told(failed: CallFailed, endpoint: Endpoint) -> BackendError:
    """Return the error for the caller: a PassingFault or a LastingFault."""
    kind = LastingFault if failed.lasting else PassingFault
    cause, hint = _cause(failed, endpoint)
    sentence = in_words(failed.fault, cause) if cause else failed.sentence
    words = sentence.format(
        name=endpoint.name,
        host=endpoint.host,
        url=endpoint.base_url,
        model=endpoint.model,
        deadline=endpoint.deadline_seconds,
        idle=endpoint.idle_seconds,
        first_byte=endpoint.first_byte_seconds,
        hint=hint,
    )
    return kind(words, fault=failed.fault, retry_after=failed.retry_after, cause=cause, hint=hint)


def _cause(failed: CallFailed, endpoint: Endpoint) -> tuple[Cause, str]:
    """Return the likely mistake, and the name that it is about."""
    if failed.fault == "key_refused":
        if endpoint.api_key is None:
            return "no_key", ""
        owner = owner_of(endpoint.key)
        return ("key_of_other", owner.title) if owner and owner.name != endpoint.preset.name else ("", "")
    if failed.fault == "unreachable" and not endpoint.is_loopback and (proxy := proxy_for(endpoint.base_url)):
        return "through_proxy", proxy
    return failed.cause, ""
