import asyncio
import threading

from interview.live import LiveFeed
from interview.models import PointGrade, Verdict


def point(name: str, verdict: Verdict = "covered") -> PointGrade:
    return PointGrade(id=name, text=name, weight=1, kind="required", verdict=verdict, verified=True)


def waiting(live: LiveFeed) -> int:
    return sum(len(waiters) for waiters in live._waiters.values())


async def until(condition) -> None:
    while not condition():  # noqa: ASYNC110 - the conditions are states of threads
        await asyncio.sleep(0.001)


def test_a_change_from_another_thread_wakes_every_follower_of_that_session_alone() -> None:
    live = LiveFeed()

    async def follow() -> tuple[list[int], int]:
        mine = [asyncio.create_task(live.changed("s", 0, 60)) for _ in range(3)]
        other = asyncio.create_task(live.changed("other", 0, 60))
        await until(lambda: waiting(live) == 4)
        threading.Thread(target=live.touch, args=("s",)).start()
        versions = await asyncio.gather(*mine)
        assert not other.done()
        live.touch("other")
        return versions, await other

    assert asyncio.run(follow()) == ([1, 1, 1], 1)
    assert waiting(live) == 0


def test_what_changed_before_is_told_at_once() -> None:
    live = LiveFeed()
    live.touch("s")
    assert asyncio.run(live.changed("s", 0, 60)) == 1
    # After a restart versions start from 0 again: a page that knows a higher one must not wait for it.
    assert asyncio.run(live.changed("s", 7, 60)) == 1


def test_a_wait_that_runs_out_or_is_cancelled_leaves_nothing_behind() -> None:
    live = LiveFeed()

    async def follow() -> int:
        task = asyncio.create_task(live.changed("s", 0, 60))
        await until(lambda: waiting(live) == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await live.changed("s", 0, 0.01)

    assert asyncio.run(follow()) == 0
    assert waiting(live) == 0
    assert not live._waiters


def test_a_follower_whose_loop_is_gone_breaks_nobody() -> None:
    live = LiveFeed()
    loop = asyncio.new_event_loop()
    task = loop.create_task(live.changed("s", 0, 60))
    loop.run_until_complete(asyncio.sleep(0))
    pending = live._waiters["s"].copy()
    loop.run_until_complete(_cancelled(task))
    live._waiters["s"] = pending  # as if the loop had been closed before the follower could leave
    loop.close()
    live.touch("s")
    assert live.version("s") == 1


async def _cancelled(task: asyncio.Task) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_drain_ends_all_waits_now_and_later() -> None:
    live = LiveFeed()

    async def follow() -> list[int]:
        tasks = [asyncio.create_task(live.changed(name, 0, 60)) for name in "abc"]
        await until(lambda: waiting(live) == 3)
        live.drain()
        return [*await asyncio.gather(*tasks), await live.changed("later", 0, 60)]

    assert not live.draining
    assert asyncio.run(follow()) == [0, 0, 0, 0]
    assert live.draining


def test_verdicts_come_in_order_once_per_point_and_are_cleared() -> None:
    live = LiveFeed()
    for told in (point("k2"), point("k1", "missing"), point("k2", "partial")):
        live.publish("s", "g", told)
    assert [(p.id, p.verdict) for p in live.verdicts("g")] == [("k2", "partial"), ("k1", "missing")]
    assert live.verdicts("another") == ()
    live.clear("s", "g")
    assert live.verdicts("g") == ()
    assert live.version("s") == 4


def test_nobody_misses_the_last_of_many_changes() -> None:
    live = LiveFeed()
    count = 300

    def change() -> None:
        for _ in range(count):
            live.touch("s")

    async def follow() -> int:
        seen = 0
        threading.Thread(target=change).start()
        while seen < count:
            seen = await live.changed("s", seen, 60)
        return seen

    assert asyncio.run(follow()) == count
