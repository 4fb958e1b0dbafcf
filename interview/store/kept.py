"""Texts that outlive the process, by family and name, in the table of preferences."""

from collections.abc import Iterator, MutableMapping

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from interview.store.schema import preferences
from interview.store.store import Store


class KeptTexts(MutableMapping[str, str]):
    """A mapping from names to texts, such as what was found out about endpoints. StoreError as of the Store."""

    def __init__(self, store: Store, family: str) -> None:
        """`family` is a word without blanks; each has names of its own."""
        self._store = store
        self._prefix = f"{family} "

    def __getitem__(self, name: str) -> str:
        with self._store.reading() as connection:
            text = connection.scalar(sa.select(preferences.c.content).where(preferences.c.key == self._prefix + name))
        if text is None:
            raise KeyError(name)
        return text

    def __setitem__(self, name: str, text: str) -> None:
        statement = insert(preferences).values(key=self._prefix + name, content=text)
        with self._store.writing() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"content": text}))

    def __delitem__(self, name: str) -> None:
        with self._store.writing() as connection:
            gone = connection.execute(sa.delete(preferences).where(preferences.c.key == self._prefix + name))
        if not gone.rowcount:
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        with self._store.reading() as connection:
            keys = connection.scalars(
                sa.select(preferences.c.key).where(preferences.c.key.startswith(self._prefix, autoescape=True))
            ).all()
        return iter([key.removeprefix(self._prefix) for key in keys])

    def __len__(self) -> int:
        return sum(1 for _ in self)
