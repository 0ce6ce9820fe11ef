from __future__ import annotations

from pathlib import Path

import pytest
import trio

from tests.projects import commit_files, git
from trio_agent.core.errors import NotFound, RepositoryError
from trio_agent.git.comparison import MAX_DIFF_BYTES
from trio_agent.git.workspaces import RepositoryWorkspaces
from trio_agent.seams import Workspace


@pytest.fixture
async def workspace(project: Path, data_dir: Path) -> Workspace:
    return await RepositoryWorkspaces(project, data_dir).open("s1", {})


async def test_the_diff_is_of_all_that_changed_since_the_beginning(workspace: Workspace) -> None:
    commit_files(workspace.path, {"committed ü": "committed\n", "later-changed": "x\n"}, "One")
    (workspace.path / "later-changed").write_text("changed\n")
    (workspace.path / "untracked").write_text("untracked\n")
    (workspace.path / "pyproject.toml").unlink()
    (workspace.path / "build").mkdir()
    (workspace.path / "build" / "out").write_text("ignored\n")
    (workspace.path / "README.md").chmod(0o755)
    diff = await workspace.diff("")
    heads = [line for line in diff.splitlines() if line.startswith("diff --git")]
    assert heads == [
        "diff --git a/README.md b/README.md",
        "diff --git a/committed ü b/committed ü",
        "diff --git a/later-changed b/later-changed",
        "diff --git a/pyproject.toml b/pyproject.toml",
        "diff --git a/untracked b/untracked",
    ]
    assert "new mode 100755" in diff
    assert "+changed" in diff
    assert "+x" not in diff
    assert "+untracked" in diff


async def test_the_diff_has_ten_lines_of_context(workspace: Workspace) -> None:
    lines = [f"{number}\n" for number in range(40)]
    commit_files(workspace.path, {"long": "".join(lines)}, "Long")
    lines[20] = "changed\n"
    head = commit_files(workspace.path, {"long": "".join(lines)}, "Changed")
    assert "@@ -11,21 +11,21 @@" in await workspace.diff(head)


async def test_the_diff_follows_files_as_they_come_and_go(workspace: Workspace) -> None:
    new = workspace.path / "new"
    new.write_text("first\n")
    assert "+first" in await workspace.diff("")
    new.write_text("other\n")
    assert "+other" in await workspace.diff("")
    new.unlink()
    assert await workspace.diff("") == ""
    git(workspace.path, "rm", "--quiet", "README.md")
    assert "deleted file mode" in await workspace.diff("")
    git(workspace.path, "reset", "--quiet", "--hard")
    assert await workspace.diff("") == ""


async def test_what_the_workspaces_index_hides_is_shown(workspace: Workspace) -> None:
    git(workspace.path, "update-index", "--assume-unchanged", "README.md")
    (workspace.path / "README.md").write_text("hidden\n")
    assert git(workspace.path, "status", "--porcelain") == ""
    assert "+hidden" in await workspace.diff("")


async def test_one_commit_is_shown_with_its_message(workspace: Workspace) -> None:
    head = commit_files(workspace.path, {"a": "a\n"}, "Add a\n\nBecause.")
    commit_files(workspace.path, {"b": "b\n"}, "Add b")
    shown = await workspace.diff(head[:7].upper())
    assert shown.startswith(f"commit {head}\nAuthor: Project Author <author@example.org>\n")
    assert "    Because." in shown
    assert "+a" in shown
    assert "+b" not in shown


@pytest.mark.parametrize(
    "commit", ["0" * 40, "abcdef12", "abc", "a" * 65, "HEAD", "--output=x", "main", "ab\ncd", "²²²²"]
)
async def test_an_unknown_commit_is_not_found(workspace: Workspace, commit: str) -> None:
    with pytest.raises(NotFound):
        await workspace.diff(commit)


async def test_what_is_no_commit_is_not_found(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        await workspace.diff(git(workspace.path, "rev-parse", "HEAD^{tree}"))


async def test_a_diff_that_is_too_large_is_cut_and_says_so(workspace: Workspace) -> None:
    (workspace.path / "large").write_text("a line of text\n" * (MAX_DIFF_BYTES // 14))
    diff = await workspace.diff("")
    assert len(diff) <= MAX_DIFF_BYTES + 100
    assert diff.endswith("+a line of text\n[cut here: the diff is larger than 8 MiB]\n")


async def test_a_huge_or_binary_file_is_named_and_not_shown(workspace: Workspace) -> None:
    (workspace.path / "huge").write_text("a line of text\n" * (20 * 1024**2 // 15))
    (workspace.path / "binary").write_bytes(bytes(range(256)))
    diff = await workspace.diff("")
    assert "Binary files /dev/null and b/huge differ" in diff
    assert "Binary files /dev/null and b/binary differ" in diff
    assert (await workspace.survey()).lines_added == 0


async def test_text_that_is_not_utf8_is_shown_all_the_same(workspace: Workspace) -> None:
    (workspace.path / "latin").write_bytes(b"caf\xe9\n")
    assert "+caf\ufffd\n" in await workspace.diff("")


async def test_a_survey_counts_lines_since_the_beginning(workspace: Workspace) -> None:
    begun = git(workspace.path, "rev-parse", "HEAD")
    commit_files(workspace.path, {"a": "1\n2\n3\n"}, "One")
    (workspace.path / "b").write_text("1\n")
    (workspace.path / ".gitignore").unlink()
    survey = await workspace.survey()
    assert (survey.initial_commit, survey.lines_added, survey.lines_removed) == (begun, 4, 3)


async def test_a_survey_names_the_users_remote_without_its_secrets(project: Path, data_dir: Path) -> None:
    git(project, "remote", "add", "origin", "https://user:secret@example.org/project.git")
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    assert (await workspace.survey()).origin == "https://example.org/project.git"


async def test_what_the_user_ignores_elsewhere_is_ignored(project: Path, data_dir: Path, home: Path) -> None:
    (home / ".gitconfig").write_text("[core]\n\texcludesFile = ~/ignored\n")
    (home / "ignored").write_text("*.mine\n")
    (project / ".git" / "info").mkdir(exist_ok=True)
    (project / ".git" / "info" / "exclude").write_text("*.projects\n")
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    for name in ("a.mine", "a.projects", "a.new"):
        (workspace.path / name).write_text("x\n")
    assert (await workspace.survey()).lines_added == 1


async def test_a_repository_within_the_workspace_is_left_to_itself(workspace: Workspace) -> None:
    inner = workspace.path / "inner"
    git(workspace.path, "init", "--quiet", "inner")
    (inner / "file").write_text("x\n")
    assert await workspace.diff("") == ""


async def test_diffs_and_surveys_at_once_do_not_disturb_each_other(workspace: Workspace) -> None:
    (workspace.path / "a").write_text("a\n")
    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(workspace.diff, "")
            nursery.start_soon(workspace.survey)


async def test_a_lock_that_a_killed_git_left_does_not_matter(workspace: Workspace, data_dir: Path) -> None:
    (data_dir / "workspaces" / "s1.git" / "index.lock").touch()
    assert await workspace.diff("") == ""


async def test_a_workspace_whose_git_is_gone_is_refused(workspace: Workspace) -> None:
    (workspace.path / ".git").rename(workspace.path / "gone")
    with pytest.raises(RepositoryError, match="not a git repository"):
        await workspace.diff("")
