"""A server that does not do what it should: `hostile.py HOW`. It speaks the protocol by hand, as far as it does."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from typing import Any

HOW = sys.argv[1]
TOOL = {"name": "use", "description": "Use it.", "inputSchema": {"type": "object"}}


def say(**fields: Any) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **fields}) + "\n")
    sys.stdout.flush()


def listed() -> list[dict[str, Any]]:
    if HOW == "many":
        return [{**TOOL, "name": f"{number:04}" * 30} for number in range(1000)]
    if HOW == "huge":
        return [
            {**TOOL, "description": "x" * 10**6},
            {**TOOL, "name": "vast", "inputSchema": {"type": "object", "x": "y" * 10**6}},
        ]
    if HOW == "crooked":
        wrong: list[Any] = [
            {"name": "bare"},
            {"name": 7, "inputSchema": {}},
            {"name": "", "inputSchema": {}},
            "no tool",
            {**TOOL, "name": "list", "inputSchema": {"type": "array"}},
            {**TOOL, "name": "s3cret-of-the-server", "inputSchema": {"properties": []}},
        ]
        return [*wrong, TOOL, {"name": "plain", "inputSchema": {}, "outputSchema": 7, "annotations": []}]
    if HOW == "twins":
        return [TOOL, {**TOOL, "description": "Use it otherwise."}]
    if HOW == "useless":
        return [{"name": "bare\x1b[31m"}]
    return [TOOL]


def use(request: dict[str, Any]) -> None:
    if HOW == "garbage":
        sys.stdout.write("this is no JSON\n{]\n\x00\n[1, 2]\n" + '{"jsonrpc": "2.0"}\n' * 3)
        text = "after all that"
    elif HOW == "flood":
        for number in range(20_000):
            say(method="notifications/message", params={"level": "info", "data": number})
        text = "after the flood"
    elif HOW == "endless":
        block = "x" * 2**20
        while True:
            sys.stdout.write(block)
    elif HOW == "long":
        text = "y" * 2**20
    elif HOW == "nonsense":
        return say(id=request["id"], result={"content": "not a list"})
    elif HOW == "wide":
        # A sound PNG but for its width: 9000 pixels.
        png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x23\x28\0\0\0\1IDATIEND"
        image = {"type": "image", "mimeType": "image/png", "data": base64.b64encode(png).decode()}
        return say(id=request["id"], result={"content": [image]})
    elif HOW == "none":
        return None
    elif HOW == "secret":
        text = "the key is " + os.environ["SOME_KEY"]
    else:
        text = "used"
    return say(id=request["id"], result={"content": [{"type": "text", "text": text}]})


def main() -> None:
    if HOW == "mute":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            signal.pause()
    if HOW == "chatty":
        sys.stderr.write("noise " * 10**5 + "\n")
        sys.exit("no access with " + os.environ["SOME_KEY"])
    if HOW == "stillborn":
        sys.exit("there is no such database")
    if HOW == "clinging":
        # Something that holds the pipes, in a session of its own, when the server itself has gone.
        subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()", "clinging"], start_new_session=True)
    for line in sys.stdin:
        request = json.loads(line)
        match request.get("method"):
            case "initialize":
                version = request["params"]["protocolVersion"]
                about = {"name": "hostile", "version": "0"}
                say(
                    id=request["id"],
                    result={"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about},
                )
            case "tools/list":
                say(id=request["id"], result={"tools": listed()})
            case "tools/call":
                use(request)
                if HOW == "clinging":
                    os._exit(0)
                if HOW == "deaf":
                    while True:
                        signal.pause()
            case _:
                if "id" in request:
                    say(id=request["id"], error={"code": -32601, "message": "no such method"})


main()
