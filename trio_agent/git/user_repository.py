"""The user's repository: what is read of it, and the one branch that is written to it.

Its config and refs are read by git itself; its files and commits never are, but through `host_repository.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import trio

from trio_agent.core.errors import RepositoryError
from trio_agent.git.command import Git
from trio_agent.git.plain_file import require_no_special

FALLBACK_NAME = "trio-agent"
FALLBACK_EMAIL = "trio-agent@localhost"
MAX_REFS = 20_000
HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

_LOOKED_UP = ("refs/tags/", "refs/heads/", "refs/remotes/")
"""Where a short name is looked up, in git's order (gitrevisions(7))."""

_SETTINGS = r"^(user\.(name|email)|remote\.origin\.url|core\.excludesfile)$"


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of the user's repository: its commit, and the work tree it is checked out in (empty: none)."""

    tip: str
    checked_out: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRepository:
    """A repository of the user's. All paths are absolute.

    `git_dir` is that of the work tree at hand, `common_dir` holds objects, refs and config; they differ in a linked work
    tree. `top` is None for a bare repository. `origin` carries no credentials.
    """

    git_dir: Path
    common_dir: Path
    top: Path | None
    object_format: str
    name: str
    email: str
    origin: str
    excludes_file: str

    @property
    def objects(self) -> Path:
        return self.common_dir / "objects"

    @property
    def _git(self) -> Git:
        return Git(directory=self.git_dir, git_dir=self.git_dir, users_config=True)

    async def head(self) -> str:
        """The commit HEAD names, or empty where nothing was committed yet. Looks at no object."""
        # git would wait for a FIFO; and where a session works in place, what runs there can make one.
        await trio.to_thread.run_sync(require_no_special, str(self.git_dir / "HEAD"))
        output = await self._git.run("rev-parse", "--quiet", "--verify", "--end-of-options", "HEAD", accept=(0, 1))
        return output.text

    async def has_commit(self, commit: str) -> bool:
        """Whether there is a commit of this full name; there is none of an empty one."""
        if not HASH.fullmatch(commit):
            return False
        found = await self._git.run("cat-file", "-e", f"{commit}^{{commit}}", accept=(0, 1, 128))
        return found.status == 0

    async def find_ref(self, name: str) -> str:
        """What the branch or tag called `name` names, as git looks names up; empty where there is none. Looks at no object.

        `name` has a ref's characters only: no `@{...}`, no `:`, nothing that is looked for in the history.
        """
        for each in ("packed-refs", *(f"{folder}{name}" for folder in _LOOKED_UP)):
            # git would wait for a FIFO.
            await trio.to_thread.run_sync(require_no_special, str(self.common_dir / each))
        # Not rev-parse, which takes a file beside the refs for one as well, and `v1-3-gabc` for a hash.
        names = [f"{folder}{name}" for folder in _LOOKED_UP]
        output = await self._git.run("for-each-ref", "--format=%(objectname) %(refname)", *names)
        found = {ref: object_name for object_name, ref in (line.split(" ", 1) for line in output.text.splitlines())}
        return next((found[each] for each in names if each in found), "")

    async def branch(self) -> str:
        """The short name of the branch that is checked out, or empty for a detached HEAD."""
        return (await self._git.run("symbolic-ref", "--quiet", "--short", "HEAD", accept=(0, 1))).text

    async def refs(self) -> dict[str, str]:
        """Branches and tags, full name -> object name, MAX_REFS at most."""
        shape = "--format=%(objectname) %(refname)"
        output = await self._git.run("for-each-ref", f"--count={MAX_REFS}", shape, "refs/heads/", "refs/tags/")
        pairs = (line.split(" ", 1) for line in output.text.splitlines())
        return {name: object_name for object_name, name in pairs}

    async def branches(self, stem: str) -> dict[str, Branch]:
        """The branches called `stem`, or with a slash or a dash after it, in any case, by their short names."""
        shape = "--format=%(refname)%00%(objectname)%00%(worktreepath)"
        patterns = (f"refs/heads/{stem}", f"refs/heads/{stem}-*", f"refs/heads/{stem}-*/**")
        output = await self._git.run("for-each-ref", "--ignore-case", shape, *patterns)
        rows = (line.split("\0") for line in output.text.split("\n") if line.count("\0") == 2)
        return {name.removeprefix("refs/heads/"): Branch(tip, where) for name, tip, where in rows}

    async def move_branch(self, name: str, commit: str, previous: str) -> None:
        """Let branch `name` name `commit`, if it still names `previous` (empty: if it does not exist).

        Raises RepositoryError where it does not, or where git cannot make it.
        """
        expected = previous or "0" * len(commit)
        await self._git.run("update-ref", "-m", "trio-agent: deliver", f"refs/heads/{name}", commit, expected)


async def find_repository(folder: Path) -> UserRepository | None:
    """The repository that `folder` is in, or None. Raises RepositoryError where there is one that git refuses to open."""
    git = Git(directory=folder, users_config=True)

    async def ask(*question: str) -> str:
        return (await git.run("rev-parse", "--path-format=absolute", *question)).text

    try:
        git_dir = await ask("--git-dir")
    except RepositoryError as exc:
        # A gitfile that leads nowhere is refused in other words, and is no reason to work without git.
        if str(exc).startswith("not a git repository (or any"):
            return None
        raise
    has_work_tree = await ask("--is-inside-work-tree") == "true"
    settings = await _settings(git)
    excludes_file = settings.get("core.excludesfile", "")
    await trio.to_thread.run_sync(require_no_special, excludes_file)
    return UserRepository(
        git_dir=Path(git_dir),
        common_dir=Path(await ask("--git-common-dir")),
        top=Path(await ask("--show-toplevel")) if has_work_tree else None,
        object_format=await ask("--show-object-format"),
        name=settings.get("user.name") or FALLBACK_NAME,
        email=settings.get("user.email") or FALLBACK_EMAIL,
        origin=without_credentials(settings.get("remote.origin.url", "")),
        excludes_file=excludes_file,
    )


async def _settings(git: Git) -> dict[str, str]:
    output = await git.run("config", "--null", "--get-regexp", _SETTINGS, accept=(0, 1))
    # The last of several values wins, as it does for git.
    return dict(pair.split("\n", 1) for pair in output.text.split("\0") if "\n" in pair)


def without_credentials(url: str) -> str:
    """`url` without password, token and query; the user name stays where it is no secret (`git@` of ssh)."""
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", url):
        return url  # a path, or git's own host:path, which holds no password
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""  # no URL that we understand, so none in which we could tell what is secret
    credentials, at, host = parts.netloc.rpartition("@")
    user = credentials.partition(":")[0] if parts.scheme not in ("http", "https") else ""
    netloc = f"{user}@{host}" if at and user else host
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))
