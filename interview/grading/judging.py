"""One judgement of one answer: asked for in one call or, in the careful mode, in parts, with verdicts on the way."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from interview.backends.backend import Delta, Restarted
from interview.grading.asking import Asker, Read
from interview.grading.evidence import Proof
from interview.grading.grader import VerdictReady, VerdictsCleared
from interview.grading.judge_prompt import JudgePrompt
from interview.grading.reply import Judgement, VerdictStream

JudgingEvent = VerdictReady | VerdictsCleared | Read[Judgement]


async def judge_once(asked: JudgePrompt, asker: Asker) -> AsyncGenerator[JudgingEvent, None]:
    """Ask for one judgement: verdicts as they arrive, each with its quote checked, then the judgement. Raises as Asker.

    A VerdictsCleared voids the verdicts before it: the reply is asked for again.
    """
    proof = Proof(asked.request, asked.nonce)
    points = {point.id: point for point in asked.points}
    verdicts = VerdictStream(asked.reply.points)
    async with aclosing(asker.stream(asked.messages, asked.form, asked.max_tokens)) as events:
        async for event in events:
            match event:
                case Delta():
                    for name, reply in verdicts.feed(event.text):
                        yield VerdictReady(point=proof.point(points[name], reply))
                case Restarted():
                    verdicts = VerdictStream(asked.reply.points)
                    yield VerdictsCleared(why=event.why)
                case Read():
                    yield event


async def judge_carefully(asked: JudgePrompt, asker: Asker) -> AsyncGenerator[JudgingEvent, None]:
    """Make one call per part, all at once; verdicts as they arrive, then one judgement. Raises as Asker.

    A part that is asked again voids its own verdicts alone: those of the others follow the clearing again.
    """
    parts = [judge_once(part, asker) for part in asked.parts]
    ready: list[list[VerdictReady]] = [[] for _ in parts]
    found: list[Judgement] = [Judgement()] * len(parts)
    async with aclosing(_together(parts)) as events:
        async for number, event in events:
            match event:
                case VerdictReady():
                    ready[number].append(event)
                    yield event
                case VerdictsCleared():
                    ready[number] = []
                    yield event
                    for verdict in (verdict for part in ready for verdict in part):
                        yield verdict
                case Read():
                    found[number] = event.value
    # The last part has everything but key points and criteria.
    points = {name: reply for one in found for name, reply in one.key_points.items()}
    criteria = {name: reply for one in found for name, reply in one.criteria.items()}
    yield Read(found[-1].model_copy(update={"key_points": points, "criteria": criteria}))


async def _together(
    calls: Sequence[AsyncGenerator[JudgingEvent, None]],
) -> AsyncGenerator[tuple[int, JudgingEvent], None]:
    """Run the calls at once and yield their events as they come; the first failure ends all of them."""
    arrived: asyncio.Queue[tuple[int, JudgingEvent | None]] = asyncio.Queue()

    async def follow(number: int, events: AsyncGenerator[JudgingEvent, None]) -> None:
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
