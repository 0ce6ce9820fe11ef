"""What a git command line says that it does. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

_WITH_VALUE = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--exec-path", "--namespace", "--config-env"})
"""Options of git's own that take the next word."""

_ALIAS = re.compile(r"alias\.", re.IGNORECASE)
_RUNS = re.compile(
    r"(?:core\.(?:pager|editor|sshcommand|fsmonitor|askpass)|sequence\.editor|pager\.\w+|diff\.external|.*\.textconv"
    r"|(?:diff|merge)tool\..*\.cmd|merge\..*\.driver|filter\..*|credential\..*helper|gpg\..*program)=!?(?P<line>.*)",
    re.IGNORECASE | re.DOTALL,
)
"""Settings that hold a command line."""

_READS = {"--get", "--get-all", "--get-regexp", "--get-urlmatch", "--list", "-l"}

_STAYS = """
add am annotate apply archive bisect blame branch bundle cat-file check-attr check-ignore check-mailmap
check-ref-format checkout checkout-index cherry cherry-pick clean clone column commit commit-graph commit-tree
config count-objects describe diff diff-files diff-index diff-tree difftool fast-export fast-import fetch
fetch-pack filter-branch filter-repo for-each-ref format-patch fsck gc get-tar-commit-id grep gui hash-object help
index-pack init interpret-trailers log ls-files ls-remote ls-tree mailinfo mailsplit merge merge-base merge-file
merge-index merge-tree mergetool mktag mktree multi-pack-index mv name-rev notes pack-objects pack-refs patch-id
prune pull range-diff read-tree rebase reflog remote repack replace rerere reset restore rev-list rev-parse revert
rm shortlog show show-branch show-index show-ref sparse-checkout stage stash status stripspace submodule switch
symbolic-ref tag unpack-file unpack-objects update-index update-ref update-server-info var verify-commit
verify-pack verify-tag version whatchanged worktree write-tree gitk citool lfs annex svn p4 subtree
"""
"""Commands of git's that, but for what is said of them below, change this repository alone. Others may be aliases."""


@dataclass(frozen=True, slots=True)
class GitCommand:
    """`why` the user should be asked, or empty; the command lines that it runs; and the paths that it may write to."""

    why: str = ""
    runs: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


def read_git(arguments: Sequence[str]) -> GitCommand:
    """What `git` does with `arguments`."""
    rest = list(arguments)
    runs: list[str] = []
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        value = rest.pop(0) if option in _WITH_VALUE and rest else option.partition("=")[2]
        if option in ("-c", "--config-env") or option.startswith("--config-env="):
            if _ALIAS.match(value):
                return GitCommand("gives git an alias")
            if command := _RUNS.match(value):
                runs.append(command["line"])
    found = _command(rest)
    return GitCommand(found.why, (*runs, *found.runs), found.written)


def _command(words: Sequence[str]) -> GitCommand:
    match words:
        case ["push" | "send-pack" | "http-push", *_]:
            return GitCommand("pushes commits")
        case ["send-email" | "imap-send", *_]:
            return GitCommand("sends mail")
        case ["svn", "dcommit" | "set-tree" | "commit-diff" | "branch" | "tag", *_] | ["p4", "submit", *_]:
            return GitCommand("pushes commits")
        case ["lfs" | "annex", "push" | "sync" | "copy" | "move" | "assist", *_]:
            return GitCommand("pushes commits")
        case ["subtree", *options] if "push" in options:
            return GitCommand("pushes commits")
        case ["submodule", *options] if "foreach" in options:
            command = options[options.index("foreach") + 1 :]
            return GitCommand(runs=(" ".join(each for each in command if each != "--recursive"),))
        case ["bisect", "run", *command]:
            return GitCommand(runs=(shlex.join(command),))
        case ["rebase" | "difftool" | "filter-branch", *options]:
            return GitCommand(runs=tuple(_run_by(options)))
        case ["remote", "add" | "set-url", *_]:
            return GitCommand("changes where commits are pushed to")
        case ["config", *options] if {"--global", "--system"} & set(options) and not _READS & set(options):
            return GitCommand("changes git's settings outside of the workspace")
        case ["lfs", "install", *options] if not {"--local", "--worktree"} & set(options):
            return GitCommand("changes git's settings outside of the workspace")
        case ["config", "-f" | "--file", file, *_] if not _READS & set(words):
            return GitCommand(written=(file,))
        case ["clone" | "init" | "worktree" | "archive" | "bundle", *others]:
            return GitCommand(written=tuple(others))
        case [command, *_] if command not in _STAYS.split():
            return GitCommand(f"runs git {command}, which may be an alias")
    return GitCommand()


def _run_by(options: Sequence[str]) -> list[str]:
    """`-x COMMAND`, `--exec=COMMAND`, `--tree-filter COMMAND`."""
    runs: list[str] = []
    for at, each in enumerate(options):
        name, _, value = each.partition("=")
        if name in ("-x", "--exec", "--extcmd") or re.fullmatch(r"--[\w-]+-filter", name):
            runs.append(value or " ".join(options[at + 1 : at + 2]))
    return runs
