"""The routes as data: what the app serves, what is described in /openapi.json, and what the docs must name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Method = Literal["GET", "POST", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Route:
    """`handler` names a method of Api. `of_session` routes stand at the root and under `/sessions/ID` both."""

    method: Method
    path: str
    handler: str
    summary: str
    of_session: bool = False
    described: bool = True


ROUTES: tuple[Route, ...] = (
    Route("GET", "/", "dashboard", "The dashboard", of_session=True, described=False),
    Route("GET", "/sessions/<session_id>", "session_link", "To the session's dashboard", described=False),
    Route("GET", "/static/<path:name>", "static", "The dashboard's files", described=False),
    Route("GET", "/stream", "stream", "The event stream", of_session=True),
    Route("GET", "/state", "state", "The session's State", of_session=True),
    Route("GET", "/tasks", "tasks", "What runs in the session, as a tree", of_session=True),
    Route("GET", "/messages", "messages", "Messages [start:end)", of_session=True),
    Route("GET", "/messages/<idx>/html", "message_html", "A message's Markdown as safe HTML", of_session=True),
    Route("POST", "/chat", "chat", "Say something to the agent", of_session=True),
    Route("POST", "/withdraw", "withdraw", "Take back a message that nobody has read yet", of_session=True),
    Route("POST", "/cancel", "cancel", "Stop the turn, or one tool call", of_session=True),
    Route("GET", "/diff", "diff", "What changed, as a unified diff", of_session=True),
    Route("GET", "/changes", "changes", "The files that changed", of_session=True),
    Route("GET", "/changes/lines", "changed_lines", "What changed in one file, line by line", of_session=True),
    Route("GET", "/files", "file_names", "Names of files that fit what is typed", of_session=True),
    Route("GET", "/files/lines", "file_lines", "A file, line by line", of_session=True),
    Route("GET", "/files/text", "file_text", "A file as plain text", of_session=True),
    Route("GET", "/download", "download", "The whole session as JSON", of_session=True),
    Route("POST", "/blobs", "upload", "Bring a file, for a message to name", of_session=True),
    Route("GET", "/blobs/<blob>", "blob", "The bytes behind a display: an image, a command's whole output"),
    Route("GET", "/search", "search", "Find sessions and messages by their words"),
    Route("GET", "/sessions", "sessions", "All sessions, newest first"),
    Route("POST", "/sessions", "new_session", "Begin a session"),
    Route("PATCH", "/sessions/<session_id>", "change_session", "Rename or archive a session"),
    Route("DELETE", "/sessions/<session_id>", "delete_session", "Delete a session and its log"),
    Route("GET", "/openapi.json", "openapi", "This description"),
    Route("GET", "/healthz", "healthz", "Is the process alive"),
    Route("GET", "/readyz", "readyz", "Can it serve"),
    Route("GET", "/metrics", "metrics", "Figures for Prometheus"),
)

REPLAY_ROUTES: tuple[Route, ...] = (
    Route("GET", "/replay", "replay", "How the replay goes on"),
    Route("POST", "/replay", "control_replay", "Seek, play, pause, or another speed"),
)
"""What the server of a replay has beside ROUTES."""


def expanded(routes: Sequence[Route] = ROUTES) -> list[tuple[Route, str]]:
    """Every route with each path it stands under."""
    paths = [(route, route.path) for route in routes]
    return paths + [(route, f"/sessions/<session_id>{route.path}") for route in routes if route.of_session]
