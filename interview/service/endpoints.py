"""The endpoints of judges: listed, tested, added, changed and removed, while everything else goes on."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path

from interview.backends.configured import completed
from interview.backends.discovery import LocalServer, StartCommand, find_servers, start_commands
from interview.backends.endpoint import Endpoint, check_likely, is_chat_model
from interview.backends.openai_compatible import OpenAICompatibleClient
from interview.backends.presets import GENERIC, Preset, load_presets
from interview.backends.probe import STEPS, ProbeReport, probe
from interview.errors import ContentError, NotFound, StoreError
from interview.grading.sample import sample_grading
from interview.grading.shelf import GraderShelf
from interview.grading.shelving import offer_of, reshelve
from interview.jobs import Job, Jobs, Progress
from interview.prompts import Prompts
from interview.rubrics import Rubric
from interview.service.drafts import Draft, Listed, entry_of, name_of, other_models, same_host, without
from interview.settings import PRICES, ConfiguredBackend, Problem, Settings
from interview.settings.backends_edit import drop_backend, keep_key, put_backend

JOB = "probe"
_LIST_SECONDS = 6.0


class Endpoints:
    """What faces call about backends. Synchronous but for `probing`; may be called from any thread.

    Keys go into files of mode 0600 in the data folder, and from there to their own endpoint alone.
    """

    def __init__(
        self,
        settings: Settings,
        shelf: GraderShelf,
        prompts: Prompts,
        rubric: Rubric,
        jobs: Jobs,
        reports: MutableMapping[str, str],
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        """`reports` keeps what tests came to, as JSON, by address and model.

        `changed` is called when other settings are in force, or when a test shows that an endpoint works.
        """
        self._settings = settings
        self._shelf = shelf
        self._sample = sample_grading(prompts, rubric)
        self._jobs = jobs
        self._reports = reports
        self._changed = changed
        self._writing = threading.Lock()
        self._saved: dict[str, str] = {}

    # --- what there is

    def services(self) -> tuple[Preset, ...]:
        """The services to choose from, the one for any other address last."""
        presets = load_presets()
        return (*(preset for name, preset in presets.items() if name != GENERIC), presets[GENERIC])

    def listed(self) -> tuple[Listed, ...]:
        """The backends in the order in which they are offered."""
        written = self._written()
        return tuple(
            Listed(
                endpoint=one.endpoint,
                offered=one.offered,
                origin=one.origin,
                mine=one.endpoint.name in written,
                report=self.report(one.endpoint.base_url, one.endpoint.model),
            )
            for one in self._shelf.backends
        )

    def report(self, base_url: str, model: str) -> ProbeReport | None:
        """What the last test of a model at an address came to."""
        try:
            return ProbeReport.model_validate_json(self._reports.get(f"{base_url} {model}", ""))
        except (ValueError, StoreError):
            return None  # never tested, or by another version

    def has_key(self, service: str, changes: str = "") -> bool:
        """Whether a key is there already: kept with the backend, or in the variable that the service is known by."""
        if changes and (entry := self._written().get(changes)) is not None and entry.key is not None:
            return True
        preset = load_presets().get(service)
        return bool(preset and preset.key_variable and self._settings.secret(preset.key_variable))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The parts of `backends.toml` that are left out."""
        return self._shelf.problems

    def reload(self) -> None:
        """Read `backends.toml` anew, as another program or the command line has left it.

        Raises ContentError for a mistake that was not there before; what was in force goes on then.
        """
        before = (self._shelf.backends, self._shelf.roles)
        reshelve(self._shelf, self._settings.configured_backends(), self._settings.secret)
        if before != (self._shelf.backends, self._shelf.roles):
            self._changed()

    def local(self) -> tuple[tuple[LocalServer, ...], tuple[StartCommand, ...]]:
        """Servers on this machine that are not in use, and commands for those that could be started."""
        running = asyncio.run(find_servers())
        used = {one.endpoint.preset.name for one in self._shelf.backends}
        return tuple(server for server in running if server.preset not in used), start_commands(running)

    def draft(self, name: str) -> Draft:
        """The form filled in for a backend of `backends.toml`, without its key. NotFound."""
        entry = self._written().get(name)
        if entry is None:
            raise NotFound(f"{self._file} has no table [{name}].")
        endpoint = completed(entry, self._settings.secret).endpoint
        preset = entry.preset or (name if name in load_presets() else GENERIC)
        usual = preset != GENERIC and endpoint.base_url == load_presets()[preset].base_url
        base_url = "" if usual else endpoint.base_url
        return Draft(service=preset, base_url=base_url, model=endpoint.model, changes=name)

    # --- trying out

    def endpoint(self, draft: Draft) -> Endpoint:
        """The endpoint that a draft describes. Raises EndpointMistake or ContentError naming mistake and fix."""
        endpoint = completed(self._entry(draft), self._settings.secret).endpoint
        check_likely(endpoint)
        return endpoint

    def find(self, name: str) -> Endpoint:
        """The endpoint of a backend or of a grader, as `doctor` and `test` name it. Raises NotFound."""
        endpoint = self._shelf.endpoint_of(name)
        if endpoint is None:
            raise NotFound("The coverage estimate asks no model; there is nothing to test.")
        return endpoint

    def models(self, draft: Draft) -> tuple[str, ...]:
        """The chat models that the endpoint of a draft lists. Raises what `endpoint` does, and BackendError."""
        endpoint = self.endpoint(draft.model_copy(update={"model": draft.model or "any"}))
        endpoint = endpoint.model_copy(update={"deadline_seconds": _LIST_SECONDS})

        async def ask() -> tuple[str, ...]:
            client = OpenAICompatibleClient(endpoint)
            try:
                return await client.models()
            finally:
                await client.close()

        return tuple(filter(is_chat_model, asyncio.run(ask())))

    def test(self, endpoint: Endpoint) -> Job:
        """Find out in the background what an endpoint can do; `report` then tells, also while it goes on."""

        async def work(progress: Progress) -> None:
            progress(0, len(STEPS))
            async for report in self.probing(endpoint):
                progress(len(report.steps), len(STEPS))

        return self._jobs.start(JOB, f"{endpoint.base_url} {endpoint.model}", work)

    def test_and_save(self, draft: Draft) -> Job:
        """Test the endpoint of a draft in the background and save it where it can be used; `saved` then names it."""
        endpoint = self.endpoint(draft)
        key = f"save {endpoint.base_url} {endpoint.model}"

        async def work(progress: Progress) -> None:
            progress(0, len(STEPS))
            async for report in self.probing(endpoint):
                progress(len(report.steps), len(STEPS))
                if len(report.steps) == len(STEPS) and report.usable:
                    self._saved[key] = await asyncio.to_thread(self.save, draft)

        self._saved.pop(key, None)
        return self._jobs.start(JOB, key, work)

    def saved(self, job: Job) -> str:
        """The grader that a job of `test_and_save` has added; empty where it has not."""
        return self._saved.get(job.key, "")

    def job(self, job_id: str) -> Job:
        """A test as it stands now. NotFound."""
        return self._jobs.find(job_id)

    def stop(self, job_id: str) -> None:
        """End a test, and save nothing. NotFound."""
        self._jobs.stop(job_id)

    async def probing(self, endpoint: Endpoint) -> AsyncIterator[ProbeReport]:
        """Test an endpoint; each report is kept, and the last one decides which form judges ask for from now on."""
        request, reads = self._sample
        async for report in probe(endpoint, request, reads):
            with suppress(StoreError):  # a test tells its findings also where they cannot be kept
                self._reports[f"{endpoint.base_url} {endpoint.model}"] = report.model_dump_json()
            yield report
            if len(report.steps) == len(STEPS) and report.dialect is not None:
                self._shelf.rack.rungs.remember(endpoint.base_url, endpoint.model, report.dialect)
                if any(one.endpoint == endpoint for one in self._shelf.backends):  # not for one that is only typed in
                    await asyncio.to_thread(self._changed)

    # --- changing what there is

    @contextmanager
    def changing(self) -> Generator[Path]:
        """`backends.toml`, for one change at a time; what it says after that is in force.

        Raises ContentError, also for a file of which a part cannot be used: a change could take that part away, or
        give its name to something else. The file stays as it is then.
        """
        with self._writing:
            now = offer_of(self._settings.configured_backends(), self._settings.secret, self._shelf.prompts)
            if now.problems:
                raise ContentError("\n".join([*(one.text for one in now.problems), "Nothing was written."]))
            yield self._file
            self.reload()

    def save(self, draft: Draft) -> str:
        """Write the backend of a draft into `backends.toml`, its key beside it; returns the name of its grader.

        Raises EndpointMistake or ContentError; nothing has changed then.
        """
        endpoint = self.endpoint(draft)
        with self.changing() as file:
            written = self._written()
            name = draft.changes or name_of(draft, endpoint, written)
            before = written.get(name)
            kept = before if before and same_host(before, endpoint.base_url) else None
            key = draft.key.get_secret_value().strip()
            own = draft.service if draft.service != GENERIC else None
            usual = own is not None and endpoint.base_url == load_presets()[own].base_url
            fields = {
                "preset": own,
                "base_url": None if usual else endpoint.base_url,
                "model": endpoint.model,
                "models": [*other_models(before, endpoint.model, changed=bool(draft.changes))] or None,
                "key_variable": kept.key_variable if kept and not key else None,
                "key_file": self._key_file(name) if key else kept.key_file if kept else None,
            }
            if before and before.model != endpoint.model:
                fields |= dict.fromkeys(PRICES)  # they are those of the model that was there
            if key:
                keep_key(self._settings.data_dir / f"{name}.key", key)
            put_backend(file, name, fields)
        return f"{name}:{endpoint.model}"

    def remove(self, name: str) -> None:
        """Take a backend out of `backends.toml`, its key and its places in `[roles]` with it.

        NotFound: it does not stand there.
        """
        with self.changing() as file:
            entry = self._written().get(name)
            if entry is None:
                raise NotFound(f"{file} has no table [{name}].")
            drop_backend(file, name, without(self._settings.configured_backends().roles, name))
            if entry.key_file == self._key_file(name):
                (self._settings.data_dir / f"{name}.key").unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return self._settings.backends_file or self._settings.data_dir / "backends.toml"

    def _key_file(self, name: str) -> str:
        """As it stands in the table: beside it, or in full where the table stands elsewhere."""
        path = self._settings.data_dir / f"{name}.key"
        return path.name if self._file.parent == self._settings.data_dir else str(path)

    def _written(self) -> dict[str, ConfiguredBackend]:
        """What stands in `backends.toml`, by name."""
        configured = self._settings.configured_backends().backends
        return {entry.name: entry for entry in configured if entry.in_file}

    def _entry(self, draft: Draft) -> ConfiguredBackend:
        before = self._written().get(draft.changes)
        if draft.changes and before is None:
            raise NotFound(f"{self._file} has no table [{draft.changes}].")
        return entry_of(draft, before)
