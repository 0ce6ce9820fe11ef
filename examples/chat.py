"""A conversation with any server that speaks Chat Completions, such as Ollama; the log is all the memory there is.

CHAT_URL=http://localhost:11434/v1 CHAT_MODEL=llama3.2 hypercorn --worker-class trio examples.chat:app
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator

import httpx2

from trio_agent import create_app, from_iterator
from trio_agent.seams import SessionHandle

URL = os.environ.get("CHAT_URL", "http://localhost:11434/v1").rstrip("/") + "/chat/completions"
MODEL = os.environ.get("CHAT_MODEL", "llama3.2")
KEY = os.environ.get("CHAT_KEY", "none")
ROLES = {"user": "user", "agent": "assistant"}


async def chat(message: str, session: SessionHandle) -> AsyncIterator[str]:
    said = [
        {"role": ROLES[each.type], "content": each.content} for each in await session.history() if each.type in ROLES
    ]
    asked = {"model": MODEL, "messages": said, "stream": True}
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}, timeout=60) as client,
        client.stream("POST", URL, json=asked) as answer,
    ):
        if answer.is_error:
            raise RuntimeError(
                f"{URL} answered {answer.status_code}: {(await answer.aread()).decode(errors='replace')}"
            )
        async for line in answer.aiter_lines():
            data = line.removeprefix("data:").strip()
            if line.startswith("data:") and data != "[DONE]":
                for choice in json.loads(data)["choices"]:
                    yield choice["delta"].get("content") or ""


app = create_app(agent=from_iterator(chat))
