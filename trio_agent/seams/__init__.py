"""The seams: what the parts of the program know of each other. Protocols and the plain values that pass through them.

The runtime gives an agent a `SessionHandle`; the agent reaches models and tools by `Model` and `Tool`; the runtime keeps logs
in a `Store`. Each Protocol an outsider would implement has four methods at most.
"""

from __future__ import annotations

from trio_agent.seams.agent import Agent, Attendant, Forking, Preparing, ShowsFiles
from trio_agent.seams.blobs import Blobs
from trio_agent.seams.changes import Changes, ChangeStatus, FileChange, FileContent, FilePatch, PatchLine, ReadFileIn
from trio_agent.seams.clock import Clock, rfc3339
from trio_agent.seams.model import (
    Answer,
    Model,
    ModelRequest,
    OnText,
    OnUsage,
    Part,
    StopReason,
    TakesAsides,
    ToolSpec,
    unheard,
)
from trio_agent.seams.program import FormatFiles, Formatted, Ran, RunProgram
from trio_agent.seams.session import SessionHandle, ToolRun
from trio_agent.seams.store import Entry, Fork, Forkable, Found, Searchable, SessionRecord, Store, Upload
from trio_agent.seams.terminal import OffersTerminals, Shown, Terminal
from trio_agent.seams.tool import Tool, Toolbench, ToolResult
from trio_agent.seams.workspace import Delivery, Newer, Survey, Workspace, Workspaces

__all__ = [
    "Agent",
    "Answer",
    "Attendant",
    "Blobs",
    "ChangeStatus",
    "Changes",
    "Clock",
    "Delivery",
    "Entry",
    "FileChange",
    "FileContent",
    "FilePatch",
    "Fork",
    "Forkable",
    "Forking",
    "FormatFiles",
    "Formatted",
    "Found",
    "Model",
    "ModelRequest",
    "Newer",
    "OffersTerminals",
    "OnText",
    "OnUsage",
    "Part",
    "PatchLine",
    "Preparing",
    "Ran",
    "ReadFileIn",
    "RunProgram",
    "Searchable",
    "SessionHandle",
    "SessionRecord",
    "Shown",
    "ShowsFiles",
    "StopReason",
    "Store",
    "Survey",
    "TakesAsides",
    "Terminal",
    "Tool",
    "ToolResult",
    "ToolRun",
    "ToolSpec",
    "Toolbench",
    "Upload",
    "Workspace",
    "Workspaces",
    "rfc3339",
    "unheard",
]
