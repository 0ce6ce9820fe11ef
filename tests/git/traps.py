"""Booby traps: everything by which a repository can name a program that git then runs.

Each trap is a program that, when it is run, makes a file of its own name. That git would run it is shown by running git as a
person would: a trap that never goes off proves nothing.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.projects import commit_files, git

HOOKS = """
applypatch-msg commit-msg fsmonitor-watchman post-applypatch post-checkout post-commit post-index-change post-merge
post-receive post-rewrite post-update pre-applypatch pre-auto-gc pre-commit pre-merge-commit pre-push pre-rebase pre-receive
prepare-commit-msg proc-receive push-to-checkout reference-transaction update
"""

ALIASES = """
cat-file commit-tree config diff-files diff-index for-each-ref index-pack init log ls-files merge-base pack-objects read-tree
reset rev-parse show symbolic-ref unpack-objects update-index update-ref write-tree
"""

KEYS = {
    "core": "fsmonitor alternateRefsCommand askPass editor gitProxy pager sshCommand",
    'diff "trap"': "textconv",
    'diff "command"': "command",
    'filter "trap"': "clean smudge",
    'filter "process"': "process",
    'merge "trap"': "driver",
    "credential": "helper",
    "gpg": "program",
    'gpg "ssh"': "program defaultKeyCommand",
    "sequence": "editor",
    "uploadpack": "packObjectsHook",
    "interactive": "diffFilter",
    'remote "trap"': "uploadpack receivepack",
}

ATTRIBUTES = "* filter=trap diff=trap merge=trap\n*.toml filter=process diff=command\n"

MISSING = "1" * 40
"""An object that is nowhere, and that a remote has promised to provide."""


class Traps:
    """Traps that tell of themselves in `folder`, whose path holds no space."""

    def __init__(self, folder: Path) -> None:
        self._sprung = folder / "sprung"
        self._programs = folder / "programs"
        self._sprung.mkdir(parents=True)
        self._programs.mkdir()

    @property
    def sprung(self) -> set[str]:
        """The names of the traps that went off."""
        return set(os.listdir(self._sprung))

    def forget(self) -> None:
        for name in self.sprung:
            (self._sprung / name).unlink()

    def arm(self, git_dir: Path, owner: str) -> None:
        """Set every trap in the repository of `git_dir`. Their names begin with `owner`."""
        config = git_dir / "config"
        with config.open("a", encoding="utf-8") as file:
            file.write(self._config(git_dir, owner))
        (git_dir / "included").write_text(f"[diff]\n\texternal = {self._program(owner, 'diff.external')}\n")
        (git_dir / "info").mkdir(exist_ok=True)
        (git_dir / "info" / "attributes").write_text(ATTRIBUTES)
        (git_dir / "hooks").mkdir(exist_ok=True)
        for name in HOOKS.split():
            (git_dir / "hooks" / name).symlink_to(self._program(owner, f"hook.{name}"))
        lost = git_dir / "refs" / "heads" / "trio-agent" / "lost"
        lost.parent.mkdir(parents=True, exist_ok=True)
        lost.write_text(f"{MISSING}\n")

    def _config(self, git_dir: Path, owner: str) -> str:
        lines = ["[include]", "path = included"]
        for section, keys in KEYS.items():
            lines.append(f"[{section}]")
            prefix = section.replace(' "', ".").replace('"', "")
            lines += [f"{key} = {self._program(owner, f'{prefix}.{key}')}" for key in keys.split()]
        lines.append("[alias]")
        lines += [f"{name} = !{self._program(owner, f'alias.{name}')}" for name in ALIASES.split()]
        lines += [
            # Any path becomes a command.
            f'[url "ext::{self._program(owner, "url")} "]',
            "insteadOf = /",
            "[protocol]",
            "allow = always",
            '[remote "trap"]',
            "promisor = true",
            f'url = "file://{git_dir}"',
            "[core]",
            "repositoryFormatVersion = 1",
            "[extensions]",
            "partialClone = trap",
            "[log]",
            "showSignature = true",
            "[diff]",
            "submodule = log",
            "ignoreSubmodules = none",
            "[submodule]",
            "recurse = true",
            "[gc]",
            "auto = 1",
        ]
        return "\n".join(lines) + "\n"

    def _program(self, owner: str, name: str) -> Path:
        program = self._programs / f"{owner}.{name}"
        if not program.exists():
            program.write_text(f"#!/bin/sh\n: > {self._sprung}/{program.name}\nexit 1\n")
            program.chmod(0o755)
        return program


def lay_ground(project: Path) -> None:
    """Give the repository at `project` what the traps need: attributes, a submodule, a signed commit, changed files."""
    commit_files(project, {".gitattributes": ATTRIBUTES}, "Attributes")
    inner = project / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    git(inner, "config", "user.name", "Project Author")
    git(inner, "config", "user.email", "author@example.org")
    commit_files(inner, {"file": "x\n"}, "Inner")
    commit_files(project, {".gitmodules": '[submodule "inner"]\n\tpath = inner\n\turl = ./inner\n'}, "Submodule")
    sign_head(project)
    touch(project)
    # Of the same size, so that git has to look into the file.
    (inner / "file").write_text("y\n")


def touch(project: Path) -> None:
    """Change files, so that there is something to compare."""
    (project / "README.md").write_text("changed\n")
    (project / "pyproject.toml").write_text("changed = true\n")
    (project / "untracked").write_text("untracked\n")


def sign_head(project: Path) -> None:
    """Put a signature that nobody made on HEAD's commit."""
    header, _, message = git(project, "cat-file", "commit", "HEAD").partition("\n\n")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n aGVsbG8=\n -----END PGP SIGNATURE-----"
    text = f"{header}\n{signature}\n\n{message}, signed\n"
    git(project, "update-ref", "HEAD", git(project, "hash-object", "-t", "commit", "-w", "--stdin", stdin=text))


def spring(path: Path, *arguments: str) -> None:
    """Run `git ARGUMENTS` in `path` as a careless person would, however it ends."""
    subprocess.run(["git", *arguments], cwd=path, capture_output=True, check=False, stdin=subprocess.DEVNULL)


def clog(path: Path) -> None:
    """Put a FIFO in the place of a file: who opens it waits until somebody writes to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
