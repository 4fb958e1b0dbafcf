"""Whether a server read all that it was sent: some cut a long prompt to their context and do not say so."""

import re
from collections.abc import Iterable, Sequence

from interview.backends.backend import Usage
from interview.text import CJK

# A token of running text is 3 to 5 bytes; the most efficient tokenizers stay below 6 also in Chinese.
_BYTES_PER_TOKEN = 8
# Below this a count is no context that was filled up, but a server that counts only what it had not cached.
_SMALLEST_CONTEXT = 256
_RUN = re.compile(r"(.)\1{3,}", re.DOTALL)  # a long run of one character may be a single token
_WIDE = re.compile(f"[{CJK}]")


def least_tokens(texts: Iterable[str]) -> int:
    """Return a number of tokens that these texts have in any tokenizer: about half of what is usual.

    A character of Chinese, Japanese or Korean counts as its three bytes, any other as one: scripts that take two or
    three bytes a letter have tokens of several letters.
    """
    size = 0
    for text in texts:
        short = _RUN.sub(r"\1\1\1", text)
        size += len(short) + 2 * len(_WIDE.findall(short))
    return size // _BYTES_PER_TOKEN


def is_cut(usage: Usage, texts: Sequence[str]) -> bool:
    """Whether fewer tokens were read than the texts can have; False where the server does not count them."""
    if usage.prompt_tokens is None or usage.prompt_tokens < _SMALLEST_CONTEXT:
        return False
    # Some count cached tokens apart, most as a part of the prompt: the larger reading accuses nobody wrongly.
    read = usage.prompt_tokens + (usage.cached_tokens or 0)
    if read * _BYTES_PER_TOKEN >= sum(len(text.encode()) for text in texts):
        return False  # of almost every call: least_tokens() counts no more than all bytes, and takes longer
    return read < least_tokens(texts)
