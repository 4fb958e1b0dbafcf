"""The careful mode: one call per small group of key points, per criterion, and for the rest; one judgement of them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from interview.grading.grader import VerdictReady, VerdictsCleared
from interview.grading.judge_prompt import JudgePrompt, Part
from interview.grading.judging import Calls, Judged, judge_once
from interview.grading.reply import Judgement
from interview.prompts import Prompt

GROUP = 3  # key points per call: few enough to weigh each, and a third of the calls

_Event = VerdictReady | VerdictsCleared | Judged


def parts_of(asked: JudgePrompt) -> tuple[Part, ...]:
    """Cut what is asked about one answer into parts: each key point and each criterion stands in exactly one."""
    points = [point.id for point in asked.points]
    groups = [Part(points=tuple(points[start : start + GROUP])) for start in range(0, len(points), GROUP)]
    criteria = [Part(criteria=(criterion.id,)) for criterion in asked.request.rubric.criteria]
    return (*groups, *criteria, Part(rest=True))


async def judge_carefully(asked: JudgePrompt, calls: Calls, repair: Prompt) -> AsyncGenerator[_Event, None]:
    """Make all calls at once; verdicts as they arrive, then one Judged with everything. Raises as `judge_once`.

    A part that is asked again voids its own verdicts alone: those of the others are told anew after the clearing.
    """
    parts = [judge_once(replace(asked, part=part), calls, repair) for part in parts_of(asked)]
    told: list[list[VerdictReady]] = [[] for _ in parts]
    found: list[Judgement] = [Judgement()] * len(parts)
    async with aclosing(_together(parts)) as events:
        async for number, event in events:
            match event:
                case VerdictReady():
                    told[number].append(event)
                    yield event
                case VerdictsCleared():
                    told[number] = []
                    yield event
                    for verdict in (verdict for part in told for verdict in part):
                        yield verdict
                case Judged():
                    found[number] = event.judgement
    yield Judged(_joined(found))


def _joined(found: Sequence[Judgement]) -> Judgement:
    """One judgement of the parts; what the last part says stands for the rest."""
    return found[-1].model_copy(
        update={
            "key_points": {name: reply for one in found for name, reply in one.key_points.items()},
            "criteria": {name: reply for one in found for name, reply in one.criteria.items()},
        }
    )


async def _together(
    calls: Sequence[AsyncGenerator[_Event, None]],
) -> AsyncGenerator[tuple[int, _Event], None]:
    """Run the calls at once and yield their events as they come; the first failure ends all of them."""
    arrived: asyncio.Queue[tuple[int, _Event | None]] = asyncio.Queue()

    async def follow(number: int, events: AsyncGenerator[_Event, None]) -> None:
        try:
            async with aclosing(events):
                async for event in events:
                    arrived.put_nowait((number, event))
        finally:
            arrived.put_nowait((number, None))

    tasks = [asyncio.create_task(follow(number, events)) for number, events in enumerate(calls)]
    running = len(tasks)
    try:
        while running:
            number, event = await arrived.get()
            if event is not None:
                yield number, event
            else:
                await tasks[number]  # raises what ended it
                running -= 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
