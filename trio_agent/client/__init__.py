"""A client of the event stream, for Python programs: it follows a session and resumes by itself.

    async with connect("http://127.0.0.1:8000/#token=…") as session:
        await session.send("run the tests")
        async for event in session:
            match event:
                case MessageArrived(message):
                    print(message.content)

It knows the wire (`trio_agent.core`) and nothing of the server.
"""

from trio_agent.client.client import Client, Posted, connect
from trio_agent.client.connection import Connection
from trio_agent.client.errors import Refused, Unreachable
from trio_agent.client.events import (
    ConnectionChanged,
    Event,
    MessageArrived,
    Opened,
    Reset,
    StateChanged,
    TextDropped,
    TextGrew,
    ToolWrote,
)

__all__ = [
    "Client",
    "Connection",
    "ConnectionChanged",
    "Event",
    "MessageArrived",
    "Opened",
    "Posted",
    "Refused",
    "Reset",
    "StateChanged",
    "TextDropped",
    "TextGrew",
    "ToolWrote",
    "Unreachable",
    "connect",
]
