"""The walls between the layers hold, also at run time."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO

PACKAGE = REPO / "interview"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, timeout=120)


def test_every_import_contract_holds():
    report = run("from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports())")
    assert report.returncode == 0, report.stdout


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("interview.service.interviewer", ["gradio", "openai", "alembic"]),
        ("interview.wiring", ["gradio", "openai", "alembic"]),
        ("interview.cli", ["gradio", "openai", "alembic"]),
    ],
)
def test_importing_one_layer_loads_nothing_heavy(module: str, absent: list[str]):
    # The contracts see the text of the files; a deferred or indirect import shows only here.
    report = run(f"import sys, {module}; print(*[name for name in {absent} if name in sys.modules])")
    assert report.returncode == 0, report.stderr
    assert report.stdout.split() == []


def reads_environment(file: Path) -> bool:
    """Whether the module looks at a variable; setting one for a library is another thing."""
    names = {"environ", "getenv", "environb", "load_dotenv"}
    tree = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    written = {id(node.value) for node in tree if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)}
    mentions = [node for node in tree if isinstance(node, ast.Attribute | ast.Name) and id(node) not in written]
    return any((node.attr if isinstance(node, ast.Attribute) else node.id) in names for node in mentions)


def test_settings_alone_read_the_environment():
    others = [file for file in PACKAGE.rglob("*.py") if PACKAGE / "settings" not in file.parents]
    assert len(others) > 20
    assert [str(file.relative_to(REPO)) for file in others if reads_environment(file)] == []


def test_every_module_says_what_it_is_for():
    silent = [file for file in PACKAGE.rglob("*.py") if not ast.get_docstring(ast.parse(file.read_text("utf-8")))]
    assert [str(file.relative_to(REPO)) for file in silent] == []
