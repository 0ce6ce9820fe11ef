"""Where the commands of a command line run, as far as their words say it, and what lies outside of the workspace. Pure."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_ELSEWHERE = re.compile(r"~|\$(?:HOME|OLDPWD)\b|\$\{(?:HOME|OLDPWD)\}")
_HARMLESS = re.compile(r"/tmp(?:/|\Z)|/dev/(?:null|zero|full|tty|std(?:in|out|err)|fd/\d+)\Z")
_BRACES = re.compile(r"(?<!\$)\{([^{},]*(?:,[^{},]*)+)\}")


@dataclass(frozen=True, slots=True)
class WorkingDirectory:
    """A directory, in which the next command runs, the one before it, and the workspace; all absolute."""

    path: str
    previous: str
    workspace: str

    def entered(self, target: str) -> WorkingDirectory:
        """After `cd TARGET`, where it can be read; `-` leads back."""
        if target == "-":
            return WorkingDirectory(self.previous, self.path, self.workspace)
        if "$" in target:
            return self
        return WorkingDirectory(posixpath.normpath(posixpath.join(self.path, target)), self.path, self.workspace)

    def leads_out(self, path: str, braces_read: int = 2) -> bool:
        """Whether `path` leads out of the workspace, as far as it can be read; one of `{a,b}` is enough."""
        if braces_read and (braces := _BRACES.search(path)):
            before, after = path[: braces.start()], path[braces.end() :]
            either = braces[1].split(",")[:10]
            return any(self.leads_out(f"{before}{each}{after}", braces_read - 1) for each in either)
        if _ELSEWHERE.match(path):
            return True
        if "$" in path and not path.startswith("/"):
            return False
        whole = posixpath.normpath(posixpath.join(self.path, path))
        return not _HARMLESS.match(whole) and not PurePosixPath(whole).is_relative_to(self.workspace)
