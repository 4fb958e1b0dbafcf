import asyncio

import pytest

from interview.errors import ContentError, NotFound
from interview.jobs import Job, Jobs, Progress


async def until(jobs: Jobs, job: Job, *states: str) -> Job:
    for _ in range(2000):
        if jobs.find(job.id).state in states:
            return jobs.find(job.id)
        await asyncio.sleep(0.005)
    raise AssertionError(jobs.find(job.id))


def test_work_tells_how_far_it_is_and_ends():
    told: list[tuple[str, int, int]] = []
    jobs = Jobs(lambda job: told.append((job.state, job.done, job.total)))

    async def work(progress: Progress) -> None:
        progress(1, 2)
        await asyncio.sleep(0)
        progress(2, 2)

    async def main() -> None:
        early = jobs.start("count", "a", work)  # before there is a loop: it waits for one
        assert early.state == "waiting"
        async with jobs.running():
            assert (await until(jobs, early, "done")).done == 2

    asyncio.run(main())
    assert told == [("running", 0, 0), ("running", 1, 2), ("running", 2, 2), ("done", 2, 2)]


def test_the_same_work_is_not_begun_twice_but_again_once_it_is_over():
    jobs = Jobs()
    begun: list[str] = []

    async def main() -> None:
        go = asyncio.Event()

        async def work(progress: Progress) -> None:
            begun.append("x")
            await go.wait()

        async with jobs.running():
            first = jobs.start("count", "a", work)
            assert (await asyncio.to_thread(jobs.start, "count", "a", work)).id == first.id
            other = jobs.start("count", "b", work)
            await until(jobs, first, "running")
            await until(jobs, other, "running")
            go.set()
            await until(jobs, first, "done")
            assert jobs.start("count", "a", work).id != first.id

    asyncio.run(main())
    assert 2 <= len(begun) <= 3  # the last one may not have begun before the loop ended


@pytest.mark.parametrize(
    ("error", "words"),
    [(ContentError("line 3 is wrong"), "line 3 is wrong"), (ZeroDivisionError(), "It failed (ZeroDivisionError).")],
)
def test_a_failure_is_told_in_words(error: Exception, words: str):
    jobs = Jobs()

    async def work(progress: Progress) -> None:
        raise error

    async def main() -> Job:
        async with jobs.running():
            return await until(jobs, jobs.start("count", "a", work), "failed")

    assert asyncio.run(main()).problem == words


@pytest.mark.parametrize("fails", [False, True])
def test_who_waits_for_the_end_is_told_once_the_job_is_over(fails: bool):
    jobs = Jobs()
    seen: list[str] = []

    async def work(progress: Progress) -> None:
        await asyncio.sleep(0)
        if fails:
            raise ContentError("no")

    async def main() -> None:
        async with jobs.running():
            job = jobs.start("count", "a", work, lambda: seen.append(jobs.find(job.id).state))
            await until(jobs, job, "done", "failed")
            await asyncio.sleep(0)

    asyncio.run(main())
    assert seen == ["failed" if fails else "done"]


def test_a_job_can_be_stopped_and_the_end_of_the_loop_stops_the_rest():
    jobs = Jobs()

    async def work(progress: Progress) -> None:
        await asyncio.sleep(60)

    async def main() -> Job:
        async with jobs.running():
            job = jobs.start("count", "a", work)
            await until(jobs, job, "running")
            jobs.stop(job.id)
            await until(jobs, job, "stopped")
            jobs.stop(job.id)  # over already: nothing happens
            last = jobs.start("count", "b", work)
            await until(jobs, last, "running")
        return jobs.find(last.id)

    assert asyncio.run(main()).state == "stopped"
    with pytest.raises(NotFound):
        jobs.find("nobody")
