"""Golden files: what Viva sends, shows and exports, as text that a reviewer reads, in `tests/golden/`.

After an intended change, rewrite them and read the difference:

    VIVA_GOLDEN=write python -m pytest -n 0 tests/test_golden_prompts.py tests/test_golden_exports.py \
        tests/test_browser_golden_cards.py
    git diff tests/golden
"""

import os
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
_WRITE = os.environ.get("VIVA_GOLDEN") == "write"


def check_golden(name: str, text: str) -> None:
    """Compare `text` with the golden file, or write the file where VIVA_GOLDEN=write."""
    path = FOLDER / name
    if _WRITE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.is_file(), f"{path} is missing; see tests/golden_files.py"
    golden = path.read_bytes().decode("utf-8")
    assert text == golden, f"{path.relative_to(FOLDER.parent.parent)} differs; see tests/golden_files.py"


def check_no_other(folder: str, names: Iterable[str]) -> None:
    """Fail where the folder holds a file that no case writes any more."""
    assert sorted(path.name for path in (FOLDER / folder).iterdir()) == sorted(names)
