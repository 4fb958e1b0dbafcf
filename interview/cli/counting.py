"""Counting what a command's calls cost, also while another process holds the data folder."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

from interview.backends.metered import Expense
from interview.backends.tariff import Tariff
from interview.cli.output import complain, counted
from interview.errors import StoreHeld
from interview.service.spending import Spending
from interview.settings import Settings
from interview.store.store import Store
from interview.wiring import Bench, metered


class Counting(NamedTuple):
    """The store in use, and what counts in it."""

    store: Store
    spending: Spending


class _Unwritten:
    """Holds calls to the budget as it stands in the database, and counts here what cannot be written there."""

    def __init__(self, spending: Spending) -> None:
        self._spending = spending
        self.completions = 0

    def admit(self, backend: str, tariff: Tariff | None) -> None:
        self._spending.admit(backend, tariff)

    def note(self, expense: Expense) -> None:
        self.completions += 1


@contextmanager
def counting(bench: Bench, settings: Settings) -> Generator[Counting]:
    """Count the calls of the bench's graders inside the block; raises as `Store.open`, but for a folder that is held.

    While another process holds it, calls are only held to the budget, and the user is told at the end.
    """
    try:
        store = Store.open(settings.data_dir)
    except StoreHeld as held:
        store = Store.open(settings.data_dir, read_only=True)
        spending = metered(bench, store, settings)
        here = _Unwritten(spending)
        bench.shelf.rack.meter_with(here)
        try:
            yield Counting(store, spending)
        finally:
            store.close()
            if here.completions:
                complain(f"{counted(here.completions, 'completion')} of this run will not stand in `costs`. {held}")
        return
    try:
        yield Counting(store, metered(bench, store, settings))
    finally:
        store.close()
