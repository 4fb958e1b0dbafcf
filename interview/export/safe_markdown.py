"""Text of others inside a Markdown document: whatever it holds, it stays text and stays in its place."""

import re

_ACTIVE = re.compile(r"([\\`*_\[\]<>#|~!&$])")
_MARKER = re.compile(r"^(\s*)(\d+)([.)])|^(\s*)([-+=:])")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def fenced(text: str, info: str = "text") -> str:
    """Return `text`, unchanged, in a code fence that is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    end = "" if text.endswith("\n") else "\n"
    return f"{fence}{info}\n{text}{end}{fence}\n"


def inline(text: str) -> str:
    """Return `text` on one line with everything escaped that Markdown or HTML would act on."""
    flat = _UNSEEN.sub("\ufffd", " ".join(text.split()))
    return _MARKER.sub(_without_list_marker, _ACTIVE.sub(r"\\\1", flat))


def quoted(text: str) -> str:
    """Return `text` as a block quote, line by line, each as `inline` gives it."""
    return "".join(f"> {inline(line)}\n" if line.strip() else ">\n" for line in text.strip().splitlines())


def _without_list_marker(found: re.Match[str]) -> str:
    if found[2]:
        return f"{found[1]}{found[2]}\\{found[3]}"
    return f"{found[4]}\\{found[5]}"
