"""The openai SDK alone: streams the request bodies in a file, so many at a time, and does nothing with the replies.

What `batch` compares with; run by it, in a process of its own.
"""

import asyncio
import json
import sys
from pathlib import Path

import openai


async def stream_all(base_url: str, bodies: list[bytes], in_flight: int) -> int:
    """Stream every body once; return the characters that came back."""
    queue = iter(bodies)
    characters = 0

    async def work(client: openai.AsyncOpenAI) -> None:
        nonlocal characters
        for body in queue:
            async for chunk in await client.chat.completions.create(**json.loads(body)):
                characters += sum(len(choice.delta.content or "") for choice in chunk.choices)

    http_client = openai.DefaultAsyncHttpxClient(trust_env=False)
    client = openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0, http_client=http_client)
    async with client, asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(work(client))
    return characters


def main() -> None:
    base_url, bodies, in_flight = sys.argv[1:]
    print(asyncio.run(stream_all(base_url, Path(bodies).read_bytes().splitlines(), int(in_flight))))


if __name__ == "__main__":
    main()
