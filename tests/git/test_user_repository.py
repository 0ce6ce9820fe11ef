from __future__ import annotations

from pathlib import Path

import pytest

from tests.projects import git
from trio_agent.core.errors import RepositoryError
from trio_agent.git.user_repository import FALLBACK_EMAIL, FALLBACK_NAME, find_repository, without_credentials


async def test_a_folder_without_git_is_no_repository(tmp_path: Path) -> None:
    assert await find_repository(tmp_path) is None


async def test_a_subfolder_leads_to_the_whole_repository(project: Path) -> None:
    found = await find_repository(project / "wordcount")
    assert found is not None
    assert (found.top, found.git_dir, found.common_dir) == (project, project / ".git", project / ".git")


async def test_a_linked_work_tree_shares_objects_and_has_a_head_of_its_own(project: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(project, "worktree", "add", "--quiet", "-b", "side", str(linked))
    found = await find_repository(linked)
    assert found is not None
    assert (found.top, found.common_dir) == (linked, project / ".git")
    assert found.git_dir == project / ".git" / "worktrees" / "linked"
    assert await found.branch() == "side"


async def test_a_gitfile_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / ".git").write_text("gitdir: /nonexistent\n")
    with pytest.raises(RepositoryError, match="not a git repository: /nonexistent"):
        await find_repository(broken)


async def test_a_bare_repository_has_no_top(project: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(project), str(bare))
    found = await find_repository(bare)
    assert found is not None
    assert (found.top, found.git_dir) == (None, bare)


async def test_the_identity_is_the_users_effective_one(project: Path, home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Global\n\temail = global@example.org\n")
    git(project, "config", "--unset", "user.email")
    found = await find_repository(project)
    assert found is not None
    assert (found.name, found.email) == ("Project Author", "global@example.org")


async def test_without_an_identity_there_is_one_to_fall_back_to(project: Path) -> None:
    git(project, "config", "--remove-section", "user")
    found = await find_repository(project)
    assert found is not None
    assert (found.name, found.email) == (FALLBACK_NAME, FALLBACK_EMAIL)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@example.org/a/b.git", "https://example.org/a/b.git"),
        ("https://secret@example.org:8443/b", "https://example.org:8443/b"),
        ("https://example.org/b?access_token=secret#secret", "https://example.org/b"),
        ("ssh://git:secret@example.org/b", "ssh://git@example.org/b"),
        ("ssh://git@[::1]:22/b", "ssh://git@[::1]:22/b"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("/srv/git/b c.git", "/srv/git/b c.git"),
        ("https://[secret", ""),
        ("", ""),
    ],
)
def test_the_origin_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
