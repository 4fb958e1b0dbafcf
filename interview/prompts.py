"""Prompts: a strict loader of the Jinja2 Markdown files in `prompts/`, and the encoding of the texts they show."""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from interview.errors import ContentError
from interview.models import Language, digest
from interview.text import judge_copy

Role = Literal["system", "user"]
PromptData: TypeAlias = str | Mapping[Any, "PromptData"] | Sequence["PromptData"]
LANGUAGE_NAMES: dict[Language, str] = {"zh": "Simplified Chinese (简体中文)", "en": "English"}

# What the code fills in, always as text; a template uses all of it and nothing else.
VARIABLES: dict[str, frozenset[str]] = {
    "judge": frozenset(
        {"leniency", "criteria", "feedback_language", "question", "reference", "key_points", "pitfalls"}
        | {"reply_shape", "follow_up", "nonce", "answer"}
    ),
    "repair": frozenset({"problem"}),
    "second_look": frozenset({"statements", "quote"}),
    "key_points": frozenset({"question", "reference", "most"}),
    "key_points_without_reference": frozenset({"question", "most"}),
    "audit_answer": frozenset({"question"}),
    "audit_compare": frozenset({"question", "reference", "answer"}),
    "appeal": frozenset(
        {"leniency", "feedback_language", "question", "key_point", "verdict", "nonce", "claim", "answer"}
    ),
    "follow_up": frozenset({"language", "question", "point", "answer"}),
    "hint": frozenset({"language", "question", "given", "point"}),
    "discuss": frozenset({"language", "notes", "answer", "verdicts", "history", "message", "nonce"}),
    "improve": frozenset({"language", "notes", "answer", "wanted", "nonce"}),
}

_FIELDS = frozenset({"version", "variables"})
_ROLE = re.compile(r"^<!-- *role: *(\w+) *-->[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """One rendered message."""

    role: Role
    text: str


@dataclass(frozen=True)
class _Template:
    role: Role
    template: Template
    variables: tuple[str, ...]


@lru_cache(maxsize=64)  # most of a prompt is the same for every answer
def _rendered(template: _Template, values: tuple[tuple[str, str], ...]) -> Part:
    return Part(template.role, template.template.render(dict(values)).strip())


@dataclass(frozen=True)
class Prompt:
    """A loaded template; never the rendered text. `digest` covers the whole file."""

    name: str
    digest: str
    version: str
    templates: tuple["_Template", ...]

    @property
    def ref(self) -> str:
        """`name@digest`, as stored with every grade."""
        return f"{self.name}@{self.digest}"

    def parts(self, **values: str) -> tuple[Part, ...]:
        """Fill the template in; one Part per role mark of the file, in its order."""
        return tuple(
            _rendered(template, tuple((name, values[name]) for name in template.variables))
            for template in self.templates
        )

    def render(self, **values: str) -> str:
        """Fill the template in and return the parts as one text."""
        return "\n\n".join(part.text for part in self.parts(**values))


@dataclass(frozen=True)
class Prompts:
    """All prompts that this program uses, by name; the names are those of `VARIABLES`."""

    by_name: Mapping[str, Prompt]

    def __getitem__(self, name: str) -> Prompt:
        return self.by_name[name]

    @property
    def judge(self) -> Prompt:
        """Grades an answer."""
        return self.by_name["judge"]

    @property
    def repair(self) -> Prompt:
        """Asks again for a reply that fits its form."""
        return self.by_name["repair"]


def prompt_json(data: PromptData) -> str:
    """Encode texts for a prompt: JSON on one line, of what a person sees of them (`judge_copy`).

    No text in it can end its own string or look like a marker line.
    """
    return json.dumps(_visible(data), ensure_ascii=False)


def _visible(data: PromptData) -> PromptData:
    if isinstance(data, str):
        return judge_copy(data)
    if isinstance(data, Mapping):
        return {name: _visible(value) for name, value in data.items()}
    return [_visible(value) for value in data]


def nonce_of(answer: str, secret: bytes) -> str:
    """Return the code on the marker lines around an answer: 16 hex digits, the same for the same answer."""
    return hmac.digest(secret, answer.encode(), "sha256").hex()[:16]


def load_prompts(folder: Path) -> Prompts:
    """Read the prompts that this program uses; other files of the folder are left alone.

    Raises ContentError (`file:line: what was wrong and what was expected`) when a file is missing or is no template,
    when its front matter lacks something, and when a variable is unknown or unused.
    """
    return Prompts({name: _load(folder / f"{name}.md") for name in VARIABLES})


def _load(path: Path) -> Prompt:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ContentError(f"{path}:1: not UTF-8 text") from fault
    except OSError as fault:
        raise ContentError(f"{path}: expected a prompt; it cannot be read: {fault.strerror}") from fault
    fields, body_line, body = _front_matter(path, text)
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    _compare_variables(path, fields["variables"], _used(environment, path, body, body_line))
    templates: list[_Template] = []
    for role, line, part in _roles(path, body, body_line):
        compiled = _compiled(environment, path, part, line)
        templates.append(_Template(role, compiled, tuple(_used(environment, path, part, line))))
    prompt = Prompt(path.stem, digest(text), fields["version"][0], tuple(templates))
    _try(path, prompt)
    return prompt


def _front_matter(path: Path, text: str) -> tuple[dict[str, tuple[str, int]], int, str]:
    """Return the fields with their lines, the line of the body and the body."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---" or "---" not in [line.rstrip() for line in lines[1:]]:
        raise ContentError(f"{path}:1: expected front matter between two lines `---`, with version and variables")
    end = [line.rstrip() for line in lines].index("---", 1)
    fields: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(lines[1:end], start=2):
        name, colon, value = (piece.strip() for piece in line.partition(":"))
        if not colon or name not in _FIELDS or name in fields or not value:
            raise ContentError(f"{path}:{number}: expected `version: …` or `variables: …`, each once")
        fields[name] = (value, number)
    for name in sorted(_FIELDS - set(fields)):
        raise ContentError(f"{path}:1: expected `{name}: …` in the front matter")
    return fields, end + 2, "\n".join(lines[end + 1 :])


def _used(environment: SandboxedEnvironment, path: Path, body: str, line: int) -> dict[str, int]:
    """The variables of the template, each with the line where it stands first."""
    try:
        tree = environment.parse(body)
    except TemplateSyntaxError as fault:
        raise ContentError(f"{path}:{line + fault.lineno - 1}: not a Jinja2 template: {fault.message}") from fault
    used: dict[str, int] = {}
    for name in tree.find_all(nodes.Name):
        used.setdefault(name.name, line + name.lineno - 1)
    return used


def _compare_variables(path: Path, declared: tuple[str, int], used: dict[str, int]) -> None:
    expected = VARIABLES[path.stem]
    listed = ", ".join(sorted(expected))
    for name in sorted(set(used) - expected):
        raise ContentError(f"{path}:{used[name]}: unknown variable `{name}`; expected: {listed}")
    for name in sorted(expected - set(used)):
        raise ContentError(f"{path}: the variable `{name}` is not used; expected each of: {listed}")
    text, line = declared
    if sorted(name.strip() for name in text.split(",")) != sorted(expected):
        raise ContentError(f"{path}:{line}: expected `variables: {listed}`")


def _roles(path: Path, body: str, first_line: int) -> list[tuple[Role, int, str]]:
    """Cut the body at its role marks, before anything is filled in: no value can open a message of its own."""
    marks = list(_ROLE.finditer(body))
    if not marks or body[: marks[0].start()].strip():
        raise ContentError(f"{path}:{first_line}: expected `<!-- role: system -->` or `<!-- role: user -->` first")
    ends = [mark.start() for mark in marks[1:]] + [len(body)]
    parts: list[tuple[Role, int, str]] = []
    for mark, end in zip(marks, ends, strict=True):
        line = first_line + body.count("\n", 0, mark.start())
        if mark[1] not in ("system", "user"):
            raise ContentError(f"{path}:{line}: unknown role `{mark[1]}`; expected system or user")
        parts.append((cast("Role", mark[1]), line, body[mark.end() : end]))
    return parts


def _compiled(environment: SandboxedEnvironment, path: Path, part: str, line: int) -> Template:
    try:
        return environment.from_string(part)
    except TemplateSyntaxError as fault:  # unknown filters and tests, and blocks that a role mark cuts in two
        raise ContentError(f"{path}:{line + fault.lineno - 1}: {fault.message}") from fault


def _try(path: Path, prompt: Prompt) -> None:
    """Fill the template in once, so that a mistake is found at start and not at the first answer."""
    try:
        prompt.render(**dict.fromkeys(VARIABLES[prompt.name], "text"))
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as fault:
        raise ContentError(f"{path}: cannot be filled in: {fault}; every variable is a text") from fault
