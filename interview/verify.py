"""Check an export of Viva: every quote, every score, and a chain of digests over all that was exported.

Runs by itself on Python 3.11 or newer, without Viva: `python verify.py FILE [--head DIGEST]`. FILE is a transcript
(JSON or JSON Lines) or an archive (zip). Exit code 0: nothing was changed; 1: something was; 2: cannot be read.

Viva itself scores with `compute_score` and reads archives with `Archive`, so there is one implementation of each rule.
"""

import argparse
import hashlib
import json
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import IO, Any, NamedTuple, TypedDict, cast

TRANSCRIPT, ARCHIVE = "viva-transcript", "viva-archive"
ARCHIVE_VERSION = 1
FIRST_CHAINED = 4  # the first version of a transcript with rubrics and a chain
MANIFEST = "manifest.json"
RUBRICS = "rubrics"  # the member with the rubrics that grades refer to, before all tables
LEFT_OUT = "reference_corrected:"  # flag of a grade that leaves out a point whose reference is disputed

PROVEN = ("covered", "partial", "contradicted")  # verdicts that need a quote

MAX_BYTES = 200_000_000
MAX_MEMBERS = 10_000
MAX_RATIO = 100
_RATIO_FREE = 10_000_000  # bytes; below, even a ratio of 1,000 does no harm
_MAX_LINE = 16_000_000
_SHORTEST_HEAD = 16

Row = dict[str, Any]


class Unreadable(Exception):
    """The file cannot be read, or is no export of Viva; the text says why."""


# --- the formula


class Score(TypedDict):
    """A computed score; see `compute_score`."""

    value: float
    max_score: float
    band: str
    sum: str


_ZERO, _ONE, _TENTH = Decimal(0), Decimal(1), Decimal("0.1")


def compute_score(
    rubric: Mapping[str, Any],
    points: Sequence[Mapping[str, Any]],
    criteria: Sequence[Mapping[str, Any]],
    findings: Sequence[Mapping[str, Any]],
) -> Score | None:
    """Compute the score of one answer in decimals.

    Let v be the rubric's credit of a verdict and w the weight of a point. Then

        kp    = clip((Σ_required w·v + Σ_bonus w·v) / Σ_required w
                     - error_penalty · min(max_errors, major errors + pitfalls asserted), 0, 1)
        score = max_score · kp · (base + Σ_criteria weight · value of the level), rounded half up to one decimal.

    A point that could not be assessed leaves the sums. Where every point is a bonus, they count as required.

    Returns:
        The score; None when more than `abstain_above` of the required weight could not be assessed, when nothing of
        it could, or when there is no point.

    Raises:
        ValueError: A criterion of the rubric has no grade, and kp is not 0.
    """
    kp = _share_of_points(rubric, points, findings)
    if kp is None:
        return None
    factors = _factors(rubric, criteria, needed=kp > 0)
    multiplier = _exact(rubric["base"]) + sum((weight * value for weight, value in factors), _ZERO)
    maximum = _exact(rubric["max_score"])
    value = _rounded(maximum * kp * multiplier)
    shown_multiplier = _shown_multiplier(rubric, factors) if factors else ""
    shown = f"{_plain(maximum)} × {_shown_share(kp, maximum * multiplier)}{shown_multiplier} = {value}"
    return Score(value=float(value), max_score=rubric["max_score"], band=band_of(rubric, float(value)), sum=shown)


def band_of(rubric: Mapping[str, Any], score: float) -> str:
    """Return the id of the band of `score` (0 to `max_score`)."""
    reached = [band["id"] for band in rubric["bands"] if score >= band["at_least"] * rubric["max_score"] - 1e-9]
    return str(reached[0] if reached else rubric["bands"][-1]["id"])


def without_points(points: Sequence[Mapping[str, Any]], ids: Collection[str]) -> list[Mapping[str, Any]] | None:
    """Return the points that still count without those of `ids`; None where no required one would."""
    kept = [point for point in points if point["id"] not in ids]
    return kept if any(point["kind"] == "required" for point in kept) else None


def required_of(points: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the required points; all of them where every point is a bonus."""
    return [point for point in points if point["kind"] == "required"] or list(points)


def earned_weight(credit: Mapping[Any, float], points: Sequence[Mapping[str, Any]]) -> tuple[Decimal, Decimal]:
    """Return the weight that the verdicts earn, and the whole weight, without points that could not be assessed.

    `credit` is the rubric's: from each verdict but `cannot_assess` to 0-1.
    """
    assessed = [(_exact(point["weight"]), credit[point["verdict"]]) for point in points if point["verdict"] in credit]
    earned = sum((weight * _exact(share) for weight, share in assessed), _ZERO)
    return earned, sum((weight for weight, _ in assessed), _ZERO)


def _share_of_points(
    rubric: Mapping[str, Any], points: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]]
) -> Decimal | None:
    required = required_of(points)
    whole = sum((_exact(point["weight"]) for point in required), _ZERO)
    _, basis = earned_weight(rubric["credit"], required)
    if not basis or whole - basis > _exact(rubric["abstain_above"]) * whole:
        return None
    earned, _ = earned_weight(rubric["credit"], points)
    errors = sum(1 for finding in findings if finding["kind"] == "pitfall" or finding["severity"] == "major")
    penalty = _exact(rubric["error_penalty"]) * min(rubric["max_errors"], errors)
    return min(_ONE, max(_ZERO, earned / basis - penalty))


def _factors(
    rubric: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]], *, needed: bool
) -> list[tuple[Decimal, Decimal]]:
    """Return the weight of each criterion of the rubric with the value of the level that was reached."""
    values = {criterion["id"]: criterion["value"] for criterion in criteria}
    ungraded = [criterion["id"] for criterion in rubric["criteria"] if criterion["id"] not in values]
    if ungraded and needed:
        raise ValueError(f"no level for {', '.join(ungraded)} of rubric {rubric['name']}")
    return [
        (_exact(criterion["weight"]), _exact(values[criterion["id"]]))
        for criterion in rubric["criteria"]
        if criterion["id"] in values
    ]


def _shown_multiplier(rubric: Mapping[str, Any], factors: Sequence[tuple[Decimal, Decimal]]) -> str:
    parts = [_two(_exact(rubric["base"])), *(f"{_two(weight)}×{_plain(value)}" for weight, value in factors)]
    return f" × ({' + '.join(parts)})"


def _shown_share(kp: Decimal, rest: Decimal) -> str:
    """Return the share with the fewest decimals, two or more, that still multiply to the same score."""
    for places in range(2, 12):
        shown = kp.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if _rounded(shown * rest) == _rounded(kp * rest):
            return str(shown)
    return str(kp)


def _exact(number: float) -> Decimal:
    """Return the decimal that was written, not its binary neighbour: 0.1 is a tenth."""
    return Decimal(repr(number))


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(_TENTH, ROUND_HALF_UP)


def _two(number: Decimal) -> str:
    """Return at least two decimals: 0.10, 0.125."""
    return str(max(number, number.quantize(Decimal("0.01")), key=lambda form: -int(form.as_tuple().exponent)))


def _plain(number: Decimal) -> str:
    """Return the number without trailing zeros: 10, 0.5."""
    return format(number.normalize(), "f")


# --- evidence


def false_quotes(outcome: Mapping[str, Any], answer: str) -> Iterator[tuple[str, str]]:
    """Yield (field, quote) for each quote of a grade that the answer does not have at exactly its code points.

    A point that is not verified has no quote to check: its verdict was downgraded for that.
    """
    proofs: list[tuple[str, Mapping[str, Any]]] = [
        (f"key_points.{point['id']}", one)
        for point in outcome.get("key_points", ())
        if point["verified"]
        for one in point.get("evidence", ())
    ]
    proofs += [
        (f"criteria.{criterion['id']}", one)
        for criterion in outcome.get("criteria", ())
        for one in criterion.get("evidence", ())
    ]
    proofs += [("findings", finding["evidence"]) for finding in outcome.get("findings", ())]
    for name, proof in proofs:
        start, end = proof["start"], proof["end"]
        if not 0 <= start <= end or proof["quote"] != answer[start:end]:
            yield name, proof["quote"]


# --- the chain of digests


def canonical(content: object) -> bytes:
    """Return the one form of a JSON value that digests are computed from. Unreadable: it is nested too deeply."""
    try:
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except RecursionError as fault:
        raise Unreadable("it is nested too deeply") from fault
    return text.encode("utf-8", "surrogatepass")


def link(previous: str, kind: str, content: object) -> str:
    """Return the digest of a record that follows `previous` (empty at the beginning)."""
    return hashlib.sha256(canonical([previous, kind, content])).hexdigest()


class Record(NamedTuple):
    """One link's worth of an export; `kind` is `turn`, `answer`, `grading` or the name of another part."""

    kind: str
    content: Any


def transcript_records(document: Mapping[str, Any]) -> Iterator[Record]:
    """Yield everything in one transcript but its chain, in the order of the chain."""
    session = document["session"]
    for name in sorted(set(document) - {"session", "chain"}):
        yield Record(name, document[name])
    yield Record("session", {name: value for name, value in session.items() if name != "turns"})
    for turn in session["turns"]:
        yield Record("turn", {name: value for name, value in turn.items() if name not in ("answer", "gradings")})
        if turn["answer"] is not None:
            yield Record("answer", turn["answer"])
        for grading in turn["gradings"]:
            yield Record("grading", grading)


def chain_of(records: Iterable[Record]) -> list[str]:
    """Return the digest of each record."""
    links: list[str] = []
    for record in records:
        links.append(link(links[-1] if links else "", *record))
    return links


def head_of(heads: Sequence[str]) -> str:
    """Return the head of a file from the heads of its transcripts."""
    return heads[0] if len(heads) == 1 else hashlib.sha256(canonical(list(heads))).hexdigest()


# --- reading


def _number(text: str) -> float | str:
    """Return the number, or a text that no check accepts where another spelling hides a change (1e1 for 10.0)."""
    return float(text) if repr(float(text)) == text else f"{text}, a number that Viva writes in another way"


def _object(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):  # readers differ in which one counts
        raise ValueError("a name stands twice in one object")
    return row


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def parse(text: str | bytes) -> Any:
    """Parse strict JSON. Raises ValueError, with what is wrong, for anything else."""
    try:
        return json.loads(text, parse_float=_number, parse_constant=_constant, object_pairs_hook=_object)
    except RecursionError as fault:
        raise ValueError("nested too deeply") from fault


class Member(NamedTuple):
    """A file of an archive as its manifest describes it; `rows` is None where it is no JSON Lines."""

    name: str
    size: int
    sha256: str
    rows: int | None


class Archive:
    """An archive that is open. Nothing is extracted: members are read by the names in the manifest, with limits."""

    def __init__(self, file: IO[bytes], max_bytes: int = MAX_BYTES) -> None:
        """Read the manifest. Raises Unreadable."""
        self._left = max_bytes
        self._max_bytes = max_bytes
        self.read: dict[str, tuple[int, str]] = {}
        try:
            self._zip = zipfile.ZipFile(file)
            self._size = file.seek(0, 2)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as fault:
            raise Unreadable(f"it is not a zip file, or a part of it is missing ({fault})") from fault
        if len(self._zip.infolist()) > MAX_MEMBERS:
            raise Unreadable(f"it has more than {MAX_MEMBERS:,} members")
        self.manifest = self._read_manifest()
        self.members = tuple(self._member(entry) for entry in self.manifest["members"])

    def _read_manifest(self) -> Row:
        try:
            manifest = parse(b"".join(self.chunks(MANIFEST)))
        except ValueError as fault:
            raise Unreadable(f"{MANIFEST} is not valid JSON: {fault}") from fault
        if not isinstance(manifest, dict) or cast("Row", manifest).get("format") != ARCHIVE:
            raise Unreadable(f'{MANIFEST} does not say "format": "{ARCHIVE}"')
        content = cast("Row", manifest)
        version = content.get("version")
        if type(version) is not int or version < 1:
            raise Unreadable(f"{MANIFEST} has no version")
        if version > ARCHIVE_VERSION:
            raise Unreadable(
                f"it was made by a newer version of Viva (its form is version {version}; this program reads up to "
                f"{ARCHIVE_VERSION}); update the program"
            )
        if not isinstance(content.get("members"), list) or not isinstance(content.get("damaged"), list):
            raise Unreadable(f"{MANIFEST} does not list the members of the archive")
        return content

    def _member(self, entry: Any) -> Member:
        try:
            name, size, sha256 = str(entry["name"]), int(entry["bytes"]), str(entry["sha256"])
            return Member(name, size, sha256, None if entry.get("rows") is None else int(entry["rows"]))
        except (TypeError, KeyError, ValueError, AttributeError) as fault:
            raise Unreadable(f"{MANIFEST} describes a member in a way that cannot be read") from fault

    def rewind(self) -> None:
        """Allow everything to be read once more."""
        self._left = self._max_bytes

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member; afterwards `read` has its size and digest.

        Raises Unreadable: it is not there, broken, or there is too much.
        """
        digest, size = hashlib.sha256(), 0
        try:
            with self._zip.open(name) as stream:
                while chunk := stream.read(65_536):
                    self._count(len(chunk))
                    digest.update(chunk)
                    size += len(chunk)
                    yield chunk
        except KeyError as fault:
            raise Unreadable(f"{name} is missing") from fault
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as fault:
            raise Unreadable(f"{name} is broken ({fault})") from fault
        self.read[name] = size, digest.hexdigest()

    def _count(self, read: int) -> None:
        self._left -= read
        used = self._max_bytes - self._left
        if self._left < 0:
            raise Unreadable(f"it unpacks to more than {self._max_bytes:,} bytes")
        if used > max(_RATIO_FREE, MAX_RATIO * self._size):
            raise Unreadable(f"it unpacks to more than {MAX_RATIO} times its size")

    def rows(self, member: Member) -> Iterator[tuple[str, Row]]:
        """Yield the digest and the content of each row. Raises Unreadable, naming the line."""
        for number, line in enumerate(_lines(self.chunks(member.name), member.name), 1):
            try:
                entry = parse(line)
                yield str(entry["digest"]), dict(entry["row"])
            except (ValueError, TypeError, KeyError) as fault:
                raise Unreadable(f"{member.name}:{number}: not a row of an archive ({fault})") from fault


def _lines(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > _MAX_LINE:
            raise Unreadable(f"{name} has a line of more than {_MAX_LINE:,} bytes")
    if rest:
        yield rest


# --- checking


class Problem(NamedTuple):
    """Something that is not as it was exported. `kind`: `digest`, `quote` or `score`."""

    kind: str
    place: str
    what: str


@dataclass
class Report:
    """What a check found. `notes` say what could not be checked, `counts` how much was."""

    problems: list[Problem] = field(default_factory=list[Problem])
    notes: dict[str, None] = field(default_factory=dict[str, None])
    counts: Counter[str] = field(default_factory=Counter[str])
    head: str = ""


class _Checker:
    """Goes through the records of an export in order, and remembers what later ones refer to."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.rubrics: dict[str, Any] = {}
        self._turns: dict[str, str] = {}
        self._answers: dict[str, tuple[str, str]] = {}  # id -> (place, text)

    def place(self, kind: str, content: Any) -> str:
        """Name a record for a person: the turn it belongs to, and which part of it."""
        if not isinstance(content, dict):
            return kind
        row = cast("Row", content)
        if kind in ("turn", "turns"):
            return self._turns.get(str(row.get("id")), kind)
        if kind in ("answer", "answers"):
            return f"{self._turns.get(str(row.get('turn_id')), 'a turn that is not there')}, answer"
        if kind in ("grading", "gradings"):
            place = self._answers.get(str(row.get("answer_id")), ("an answer that is not there", ""))[0]
            return f"{place}, grading {row.get('id')} by {row.get('grader')}"
        name = next((row[key] for key in ("title", "id", "version", "key", "question_id", "name") if key in row), "")
        return f"{kind} {name}".strip()

    def look_at(self, kind: str, content: Any) -> None:
        """Check one record. Raises KeyError, TypeError and the like where it has another shape."""
        if kind in ("turn", "turns"):
            where = f"session {content['session_id']}, turn {content['position'] + 1}, attempt {content['attempt']}"
            self._turns[content["id"]] = where
            self.report.counts["turns"] += 1
        elif kind in ("answer", "answers"):
            self._answers[content["id"]] = self.place(kind, content), content["text"]
            self.report.counts["answers"] += 1
        elif kind in ("grading", "gradings"):
            outcome = content["outcome"]
            self._grading(self.place(kind, content), content, json.loads(outcome) if type(outcome) is str else outcome)

    def _grading(self, place: str, grading: Row, outcome: Row | None) -> None:
        if outcome is None or outcome["status"] != "graded":
            self.report.counts["without a computed score"] += 1
            return
        if grading["answer_id"] not in self._answers:
            self.report.notes["There are grades without their answer: their quotes were not checked."] = None
            return
        for name, quote in false_quotes(outcome, self._answers[grading["answer_id"]][1]):
            self._say("quote", f"{place}, {name}", f"the quote is not in the answer at its place: {quote[:60]!r}")
        for point in outcome["key_points"] if outcome["label"] == "judgement" else ():
            if point["verdict"] in PROVEN and not (point["verified"] and point.get("evidence")):
                self._say("quote", f"{place}, key_points.{point['id']}", f"{point['verdict']} without a quote")
        self.report.counts["grades"] += 1
        ref = outcome["provenance"]["rubric"]
        rubric = self.rubrics.get(ref)
        if rubric is None:
            self.report.notes[f"The rubric {ref} is not in the file: its scores were not computed again."] = None
        elif outcome["label"] == "judgement":
            self._score(place, outcome, rubric)
        else:
            self.report.counts["estimates, whose number does not follow from verdicts"] += 1

    def _score(self, place: str, outcome: Row, rubric: Row) -> None:
        self.report.counts["scores computed again"] += 1
        points: Sequence[Mapping[str, Any]] | None = outcome["key_points"]
        if outcome["provenance"]["kind"] == "audit":
            gone = {flag.removeprefix(LEFT_OUT) for flag in outcome.get("flags", ()) if flag.startswith(LEFT_OUT)}
            points = without_points(outcome["key_points"], gone) if gone else points
        self._compare(place, outcome, rubric, points)
        if (other := outcome.get("alternative")) is not None:
            kept = without_points(outcome["key_points"], other["points"])
            self._compare(f"{place}, alternative", {**outcome, **other}, rubric, kept)
        values = {(one["id"], level["id"]): level["value"] for one in rubric["criteria"] for level in one["levels"]}
        for one in outcome.get("criteria", ()):
            if values.get((one["id"], one["level"])) != one["value"]:
                what = f"the level {one['level']!r} is not worth {one['value']}"
                self._say("score", f"{place}, criteria.{one['id']}", what)

    def _compare(self, place: str, outcome: Row, rubric: Row, points: Sequence[Mapping[str, Any]] | None) -> None:
        try:
            beside = outcome.get("criteria", ()), outcome.get("findings", ())
            computed = compute_score(rubric, points, *beside) if points else None
        except ValueError as fault:
            self._say("score", f"{place}, criteria", str(fault))
            return
        if computed is None:
            self._say("score", f"{place}, score", f"it is {outcome['score']}, but the verdicts give none")
            return
        given: Row = {"score": computed["value"], "max_score": computed["max_score"], "band": computed["band"]}
        if outcome.get("sum") and outcome["provenance"]["kind"] != "guard":  # which settles an answer without a sum
            given["sum"] = computed["sum"]
        for name, value in given.items():
            if outcome.get(name, value) != value:
                self._say("score", f"{place}, {name}", f"it is {outcome[name]!r}; the verdicts give {value!r}")

    def _say(self, kind: str, place: str, what: str) -> None:
        self.report.problems.append(Problem(kind, place, what))

    def chain(self, records: Iterable[tuple[str | None, str, Any]]) -> str:
        """Check records, each with its stored digest (None: the file has none), and return the last digest."""
        previous = ""
        for stored, kind, content in records:
            try:
                self.look_at(kind, content)
                changed = stored is not None and link(previous, kind, content) != stored
            except (KeyError, TypeError, AttributeError, IndexError, ArithmeticError, ValueError) as fault:
                changed = True
                self._say("digest", self.place(kind, content), f"it has not the form of an export ({fault!r})")
            else:
                if changed:
                    self._say("digest", self.place(kind, content), "it is not what was exported, or not in its place")
            previous = stored or previous
        return previous


def check_transcript(document: Any, report: Report) -> str:
    """Check one transcript, add what is found to `report`, and return its head (empty where it has no chain)."""
    try:
        records = list(transcript_records(document))
        chained = document["version"] >= FIRST_CHAINED
    except (TypeError, KeyError, AttributeError) as fault:
        raise Unreadable(f"a transcript has not the form of an export ({fault!r})") from fault
    checker = _Checker(report)
    links: list[Any] = [None] * len(records)
    chain = document.get("chain")
    if not chained:
        report.notes["The file is of an older version, without rubrics and digests: only quotes were checked."] = None
    elif not isinstance(chain, dict) or not isinstance(cast("Row", chain).get("links"), list):
        report.problems.append(Problem("digest", "chain", "the digests are missing"))
        chained = False
    else:
        links = cast("Row", chain)["links"]
    if len(links) != len(records):
        report.problems.append(Problem("digest", "chain", f"{len(links)} digests for {len(records)} records"))
        links = (links + [""] * len(records))[: len(records)]
    if isinstance(document.get("rubrics"), dict):
        checker.rubrics = document["rubrics"]
    last = checker.chain((digest, one.kind, one.content) for digest, one in zip(links, records, strict=True))
    if chained and document["chain"].get("head") != last:
        report.problems.append(Problem("digest", "chain", "the head is not the last digest"))
    return str(last) if chained else ""


def check_archive(archive: Archive, report: Report) -> None:
    """Check a whole archive and add what is found to `report`. Raises Unreadable."""
    checker = _Checker(report)
    last = checker.chain(_archive_records(archive, checker))
    manifest = {name: value for name, value in archive.manifest.items() if name != "head"}
    report.head = str(archive.manifest.get("head"))
    if link(last, "manifest", manifest) != report.head:
        report.problems.append(Problem("digest", MANIFEST, "it is not what was exported"))
    if damaged := len(archive.manifest["damaged"]):
        report.notes[f"Damaged when it was exported, and left out: {damaged}. See {MANIFEST}."] = None


def _archive_records(archive: Archive, checker: _Checker) -> Iterator[tuple[str, str, Any]]:
    for member in archive.members:
        rows = None
        if member.rows is None:
            for _ in archive.chunks(member.name):
                pass
        else:
            rows, kind = 0, member.name.removesuffix(".jsonl")
            for stored, row in archive.rows(member):
                rows += 1
                if kind == RUBRICS:
                    checker.rubrics[str(row.get("ref"))] = row.get("content")
                yield stored, kind, row
        if (*archive.read[member.name], rows) != (member.size, member.sha256, member.rows):
            checker.report.problems.append(Problem("digest", member.name, "it is not the file that was exported"))


def check_file(path: Path, max_bytes: int = MAX_BYTES) -> Report:
    """Check a file. Raises Unreadable."""
    report = Report()
    try:
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                check_archive(Archive(file, max_bytes), report)
                return report
            file.seek(0)
            raw = file.read(max_bytes + 1)
    except OSError as fault:
        raise Unreadable(f"{fault.strerror}") from fault
    if len(raw) > max_bytes:
        raise Unreadable(f"it has more than {max_bytes:,} bytes")
    heads = [check_transcript(document, report) for document in _documents(raw)]
    report.head = head_of(heads) if all(heads) else ""
    return report


def _documents(raw: bytes) -> list[Any]:
    """Return the transcripts of a file: one object, a list, or one object a line."""
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
        try:
            whole = parse(text)
            found: list[Any] = cast("list[Any]", whole) if isinstance(whole, list) else [whole]
        except ValueError:
            found = [parse(line) for line in text.split("\n") if line.strip()]
            if len(found) < 2:
                raise
    except ValueError as fault:
        raise Unreadable(f"it is not valid JSON ({fault})") from fault
    if not found or any(not isinstance(one, dict) or cast("Row", one).get("format") != TRANSCRIPT for one in found):
        raise Unreadable("it is not an export of Viva")
    return found


# --- the command


def verify(path: Path, head: str, say: Callable[[str], None], max_bytes: int = MAX_BYTES) -> int:
    """Check a file, say what was found, and return the exit code. `head` is the noted digest, or empty."""
    try:
        report = check_file(path, max_bytes)
    except Unreadable as fault:
        say(f"{path}: cannot be checked: {fault}.")
        return 2
    for problem in report.problems:
        say(f"CHANGED {problem.place}: {problem.what}.")
    for note in report.notes:
        say(note)
    say(", ".join(f"{count} {name}" for name, count in report.counts.items()) + ".")
    say(f"Head: {report.head or 'none'}")
    if head and not (len(head) >= _SHORTEST_HEAD and report.head.startswith(head.lower())):
        say(f"CHANGED head: it is not {head} (give {_SHORTEST_HEAD} digits of it or more).")
        return 1
    say(f"{path}: {'CHANGED' if report.problems else 'unchanged'}.")
    return 1 if report.problems else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line of the script and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        cast("Any", stream).reconfigure(encoding="utf-8", errors="backslashreplace")
    parser = argparse.ArgumentParser(description="Check a transcript or an archive that Viva exported.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--head", default="", help="the head that was noted at the time of the export")
    parser.add_argument("--max-mb", type=int, default=MAX_BYTES // 1_000_000, help="the most to unpack")
    given = parser.parse_args(arguments)
    return verify(given.file, given.head, lambda text: print(_printable(text)), given.max_mb * 1_000_000)


def _printable(text: str) -> str:
    """Return the text without characters that a terminal would obey."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


if __name__ == "__main__":
    sys.exit(main())
