"""Cleaning and comparing text: what is stored, what a judge is shown, what counts as the same words."""

import unicodedata

_KEPT_CONTROLS = frozenset("\t\n\r")


def clean(text: str) -> str:
    """Return the form in which a candidate's text is stored: NFC, without C0 controls, lone surrogates as U+FFFD.

    Notes never pass through here: they keep their code points.
    """
    kept = ("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text if ord(c) >= 0x20 or c in _KEPT_CONTROLS)
    return unicodedata.normalize("NFC", "".join(kept))
