from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.projects import commit_files, git
from trio_agent.core.errors import NotFound, RepositoryError
from trio_agent.git.workspaces import RepositoryWorkspaces


@pytest.fixture
def workspaces(project: Path, data_dir: Path) -> RepositoryWorkspaces:
    return RepositoryWorkspaces(project, data_dir)


async def test_a_session_gets_a_clone_of_head_on_the_users_branch(
    workspaces: RepositoryWorkspaces, project: Path, data_dir: Path
) -> None:
    (project / "README.md").write_text("not committed")
    workspace = await workspaces.open("s1", {})
    assert workspace.path == data_dir / "workspaces" / "s1"
    assert git(workspace.path, "rev-parse", "HEAD") == git(project, "rev-parse", "HEAD")
    assert git(workspace.path, "branch", "--show-current") == "main"
    assert git(workspace.path, "status", "--porcelain") == ""
    assert (workspace.path / "README.md").read_text().startswith("# wordcount")


async def test_a_clone_borrows_its_objects(workspaces: RepositoryWorkspaces) -> None:
    workspace = await workspaces.open("s1", {})
    assert git(workspace.path, "count-objects") == "0 objects, 0 kilobytes"


async def test_a_clone_has_the_users_identity_and_no_way_back(workspaces: RepositoryWorkspaces) -> None:
    workspace = await workspaces.open("s1", {})
    assert git(workspace.path, "config", "user.name") == "Project Author"
    assert git(workspace.path, "config", "user.email") == "author@example.org"
    assert git(workspace.path, "remote") == ""
    assert not (workspace.path / ".git" / "hooks").exists()


async def test_a_commit_in_a_clone_asks_nobody_for_a_signature(workspaces: RepositoryWorkspaces, project: Path) -> None:
    git(project, "config", "commit.gpgSign", "true")
    workspace = await workspaces.open("s1", {})
    assert git(workspace.path, "config", "--type=bool", "commit.gpgSign") == "false"


async def test_a_clone_knows_tags_and_other_branches(workspaces: RepositoryWorkspaces, project: Path) -> None:
    git(project, "branch", "side/line", "v0.1.0")
    workspace = await workspaces.open("s1", {})
    assert git(workspace.path, "describe", "--tags") == git(project, "describe", "--tags")
    assert git(workspace.path, "rev-parse", "origin/side/line") == git(project, "rev-parse", "v0.1.0")


async def test_a_ref_to_a_missing_object_does_not_keep_the_others_out(
    workspaces: RepositoryWorkspaces, project: Path
) -> None:
    (project / ".git" / "refs" / "tags" / "lost").write_text("1" * 40 + "\n")
    workspace = await workspaces.open("s1", {})
    assert git(workspace.path, "tag") == "v0.1.0"


async def test_only_the_user_may_look_into_the_workspaces(workspaces: RepositoryWorkspaces, data_dir: Path) -> None:
    await workspaces.open("s1", {})
    assert (data_dir / "workspaces").stat().st_mode & 0o777 == 0o700


async def test_a_workspace_is_found_again_by_its_notes(workspaces: RepositoryWorkspaces, project: Path) -> None:
    first = await workspaces.open("s1", {})
    commit_files(first.path, {"new.txt": "new"}, "New")
    await first.deliver("new")
    begun = first.notes["initial_commit"]
    commit_files(project, {}, "The user goes on")

    again = await workspaces.open("s1", first.notes)
    assert again.path == first.path
    assert again.notes == first.notes
    assert (await again.survey()).initial_commit == begun
    assert (again.path / "new.txt").exists()


async def test_a_workspace_whose_notes_were_lost_is_found_again(
    workspaces: RepositoryWorkspaces, project: Path
) -> None:
    first = await workspaces.open("s1", {})
    commit_files(first.path, {"new.txt": "new"}, "New")
    commit_files(project, {}, "The user goes on")
    again = await workspaces.open("s1", {})
    assert again.notes == first.notes
    assert (again.path / "new.txt").exists()


@pytest.mark.parametrize("made", ["s1", "s1.making", "s1.git", "s1.git.making", "s1.deleted"])
async def test_what_a_crash_left_half_made_is_made_anew(
    workspaces: RepositoryWorkspaces, data_dir: Path, made: str
) -> None:
    left = data_dir / "workspaces" / made
    (left / "objects").mkdir(parents=True)
    (left / "README.md").write_text("half")
    workspace = await workspaces.open("s1", {})
    assert git(workspace.path, "status", "--porcelain") == ""
    assert (await workspace.survey()).initial_commit == git(workspace.path, "rev-parse", "HEAD")
    assert (await workspace.survey()).is_clone


async def test_a_crash_just_before_the_clone_gets_its_name_loses_nothing(
    workspaces: RepositoryWorkspaces, data_dir: Path
) -> None:
    first = await workspaces.open("s1", {})
    first.path.rename(data_dir / "workspaces" / "s1.making")
    again = await workspaces.open("s1", {})
    assert again.notes == first.notes
    assert git(again.path, "status", "--porcelain") == ""
    assert sorted(os.listdir(data_dir / "workspaces")) == ["s1", "s1.git"]


async def test_a_clone_that_is_gone_is_made_anew_from_what_it_delivered(
    workspaces: RepositoryWorkspaces, project: Path
) -> None:
    first = await workspaces.open("s1", {})
    head = commit_files(first.path, {"new.txt": "new"}, "New")
    await first.deliver("new")
    notes = first.notes
    await workspaces.remove("s1")
    again = await workspaces.open("s1", notes)
    assert git(again.path, "rev-parse", "HEAD") == head
    assert "+new" in await again.diff("")
    later = commit_files(again.path, {"new.txt": "newer"}, "Newer")
    assert [commit.subject for commit in (await again.deliver("new")).commits] == ["Newer"]
    assert git(project, "rev-parse", "trio-agent/new") == later


async def test_a_session_keeps_its_repository_whatever_is_served_now(
    workspaces: RepositoryWorkspaces, tmp_path: Path, data_dir: Path
) -> None:
    first = await workspaces.open("s1", {})
    other = tmp_path / "other"
    other.mkdir()
    again = await RepositoryWorkspaces(other, data_dir, in_place=True).open("s1", first.notes)
    assert again.path == first.path


async def test_a_repository_that_is_gone_is_told(workspaces: RepositoryWorkspaces, project: Path) -> None:
    first = await workspaces.open("s1", {})
    os.rename(project, project.with_name("moved"))
    with pytest.raises(RepositoryError, match=r"repository .* is gone"):
        await workspaces.open("s1", first.notes)


async def test_removing_leaves_nothing_and_the_user_everything(
    workspaces: RepositoryWorkspaces, project: Path, data_dir: Path
) -> None:
    workspace = await workspaces.open("s1", {})
    other = await workspaces.open("s10", {})
    locked = workspace.path / "cache" / "module"
    locked.mkdir(parents=True)
    (locked / "file").touch()
    (locked / "to-the-user").symlink_to(project)
    os.chmod(project, 0o755)
    locked.chmod(0o555)
    await workspaces.remove("s1")
    await workspaces.remove("s1")
    assert sorted(os.listdir(data_dir / "workspaces")) == ["s10", "s10.git"]
    assert (other.path / "README.md").exists()
    assert git(project, "status", "--porcelain") == ""
    assert os.stat(project).st_mode & 0o777 == 0o755


@pytest.mark.parametrize("name", ["", ".", "..", "../s1", "a/b", "s1.git", "-s", "s\n", "a" * 101])
async def test_what_is_no_sessions_name_is_unknown(workspaces: RepositoryWorkspaces, name: str) -> None:
    with pytest.raises(NotFound):
        await workspaces.open(name, {})
    with pytest.raises(NotFound):
        await workspaces.remove(name)


async def test_in_place_the_workspace_is_the_repository(project: Path, data_dir: Path) -> None:
    workspaces = RepositoryWorkspaces(project / "wordcount", data_dir, in_place=True)
    workspace = await workspaces.open("s1", {})
    assert workspace.path == project
    begun = git(project, "rev-parse", "HEAD")
    head = commit_files(project, {"new.txt": "new\n"}, "New")
    delivery = await workspace.deliver("new")
    assert delivery.branch == "main"
    assert delivery.files == (), "whoever made that commit: the files are the user's own"
    assert await workspace.newer() is None
    assert [(commit.hash, commit.pushed_branch) for commit in delivery.commits] == [(head, "main")]
    assert git(project, "branch", "--format=%(refname:short)") == "main"

    again = await workspaces.open("s1", workspace.notes)
    assert (await again.survey()).initial_commit == begun
    assert (await again.survey()).lines_added == 1
    await workspaces.remove("s1")
    assert (project / "new.txt").exists()
    assert os.listdir(data_dir / "workspaces") == []


async def test_in_place_in_a_linked_work_tree_reads_the_head_of_that(
    project: Path, tmp_path: Path, data_dir: Path
) -> None:
    linked = tmp_path / "linked"
    git(project, "worktree", "add", "--quiet", "-b", "side", str(linked))
    workspace = await RepositoryWorkspaces(linked, data_dir, in_place=True).open("s1", {})
    assert not (await workspace.survey()).is_clone
    head = commit_files(linked, {"new.txt": "new\n"}, "New")
    delivery = await workspace.deliver("new")
    assert (delivery.branch, delivery.commits[0].hash) == ("side", head)


async def test_a_folder_without_git_is_worked_in_with_less(tmp_path: Path, data_dir: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    workspaces = RepositoryWorkspaces(folder, data_dir)
    workspace = await workspaces.open("s1", {})
    assert workspace.path == folder
    assert await workspace.diff("") == ""
    assert (await workspace.survey()).initial_commit == ""
    assert (await workspace.deliver("x")).commits == ()
    assert await workspace.newer() is None
    for refused in (workspace.diff, workspace.move_base):
        with pytest.raises(NotFound):
            await refused("abcd")
    git(folder, "init", "--quiet")
    again = await workspaces.open("s1", workspace.notes)
    assert await again.diff("") == ""
    await workspaces.remove("s1")
    assert folder.exists()


async def test_uncommitted_changes_come_as_a_first_commit(project: Path, data_dir: Path) -> None:
    (project / "README.md").write_text("changed\n")
    (project / "pyproject.toml").unlink()
    (project / "new file ü").write_text("untracked\n")
    (project / "build").mkdir()
    (project / "build" / "out").write_text("ignored")
    (project / "forced.egg-info").write_text("ignored, but added\n")
    git(project, "add", "--force", "forced.egg-info")
    before = git(project, "status", "--porcelain")

    workspace = await RepositoryWorkspaces(project, data_dir, with_changes=True).open("s1", {})
    assert git(project, "status", "--porcelain") == before
    assert git(workspace.path, "status", "--porcelain") == ""
    assert (workspace.path / "README.md").read_text() == "changed\n"
    assert (workspace.path / "new file ü").read_text() == "untracked\n"
    assert (workspace.path / "forced.egg-info").exists()
    assert not (workspace.path / "pyproject.toml").exists()
    assert not (workspace.path / "build").exists()
    assert git(workspace.path, "rev-parse", "HEAD^") == git(project, "rev-parse", "HEAD")
    assert git(workspace.path, "log", "-1", "--format=%an") == "Project Author"
    assert (await workspace.survey()).initial_commit == git(workspace.path, "rev-parse", "HEAD")
    assert await workspace.diff("") == ""


async def test_what_is_left_out_is_counted(project: Path, data_dir: Path) -> None:
    workspaces = RepositoryWorkspaces(project, data_dir)
    assert (await (await workspaces.open("s0", {})).survey()).left_out == 0
    (project / "README.md").write_text("changed\n")
    (project / "pyproject.toml").unlink()
    (project / "new file ü").write_text("untracked\n")
    (project / "staged").write_text("staged\n")
    git(project, "add", "staged")
    (project / "build").mkdir()
    (project / "build" / "out").write_text("ignored")
    before = git(project, "status", "--porcelain")
    workspace = await workspaces.open("s1", {})
    assert (await workspace.survey()).left_out == 4
    assert (await (await workspaces.open("s1", {})).survey()).left_out == 4, "also where the notes were lost"
    assert git(project, "status", "--porcelain") == before
    assert git(workspace.path, "status", "--porcelain") == ""
    brought = await RepositoryWorkspaces(project, data_dir, with_changes=True).open("s2", {})
    assert (await brought.survey()).left_out == 0


async def test_what_is_left_out_of_a_repository_without_a_commit_is_counted(tmp_path: Path, data_dir: Path) -> None:
    git(tmp_path, "init", "--quiet", "fresh")
    for name in ("one", "two"):
        (tmp_path / "fresh" / name).write_text("x\n")
    git(tmp_path / "fresh", "add", "one")
    workspace = await RepositoryWorkspaces(tmp_path / "fresh", data_dir).open("s1", {})
    assert (await workspace.survey()).left_out == 2


async def test_an_index_that_cannot_be_read_keeps_nobody_from_working_without_the_changes(
    project: Path, data_dir: Path
) -> None:
    (project / ".git" / "index").unlink()
    os.mkfifo(project / ".git" / "index")
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    assert (await workspace.survey()).left_out == 0
    assert git(workspace.path, "status", "--porcelain") == ""


@pytest.mark.parametrize("with_changes", [False, True])
async def test_our_own_data_within_the_repository_is_no_change_of_the_users(project: Path, with_changes: bool) -> None:
    data_dir = project / "data dir"
    data_dir.mkdir()
    (data_dir / "token").write_text("canary\n")
    workspaces = RepositoryWorkspaces(project, data_dir, with_changes=with_changes)
    await workspaces.open("s1", {})
    workspace = await workspaces.open("s2", {})
    assert (await workspace.survey()).left_out == 0
    assert git(workspace.path, "rev-parse", "HEAD") == git(project, "rev-parse", "HEAD")


async def test_a_first_commit_of_changes_is_delivered_with_what_stands_on_it(project: Path, data_dir: Path) -> None:
    (project / "README.md").write_text("changed\n")
    workspace = await RepositoryWorkspaces(project, data_dir, with_changes=True).open("s1", {})
    assert (await workspace.deliver("new")).branch == ""
    commit_files(workspace.path, {"new.txt": "new\n"}, "New")
    delivery = await workspace.deliver("new")
    assert [commit.subject for commit in delivery.commits] == ["New"]
    assert git(project, "show", "trio-agent/new:README.md") == "changed"
    git(project, "fsck", "--strict")


async def test_a_clean_repository_brings_no_commit_of_changes(project: Path, data_dir: Path) -> None:
    workspace = await RepositoryWorkspaces(project, data_dir, with_changes=True).open("s1", {})
    assert git(workspace.path, "rev-parse", "HEAD") == git(project, "rev-parse", "HEAD")


async def test_changes_are_read_from_a_split_index(project: Path, data_dir: Path) -> None:
    git(project, "update-index", "--split-index")
    (project / "README.md").write_text("changed\n")
    workspace = await RepositoryWorkspaces(project, data_dir, with_changes=True).open("s1", {})
    assert git(workspace.path, "show", "--format=", "--name-only") == "README.md"


async def test_changes_of_a_repository_without_a_commit_come_along(tmp_path: Path, data_dir: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk", "fresh")
    (tmp_path / "fresh" / "first.txt").write_text("first\n")
    workspace = await RepositoryWorkspaces(tmp_path / "fresh", data_dir, with_changes=True).open("s1", {})
    assert (workspace.path / "first.txt").read_text() == "first\n"
    assert git(workspace.path, "log", "--format=%s") == "Uncommitted changes"


async def test_a_repository_without_a_commit_is_worked_in_from_nothing(tmp_path: Path, data_dir: Path) -> None:
    fresh = tmp_path / "fresh"
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk", "fresh")
    workspace = await RepositoryWorkspaces(fresh, data_dir).open("s1", {})
    assert (await workspace.survey()).initial_commit == ""
    assert await workspace.diff("") == ""
    assert (await workspace.deliver("begin")).commits == ()
    assert git(workspace.path, "branch", "--show-current") == "trunk"
    git(workspace.path, "config", "user.name")
    head = commit_files(workspace.path, {"first.txt": "first\n"}, "First")
    assert (await workspace.survey()).lines_added == 1
    assert "+first" in await workspace.diff("")
    delivery = await workspace.deliver("begin")
    assert [commit.hash for commit in delivery.commits] == [head]
    assert git(fresh, "rev-parse", "trio-agent/begin") == head


async def test_a_detached_head_is_worked_on_under_a_plain_name(workspaces: RepositoryWorkspaces, project: Path) -> None:
    git(project, "checkout", "--quiet", "--detach", "v0.1.0")
    workspace = await workspaces.open("s1", {})
    assert git(workspace.path, "branch", "--show-current") == "work"
    assert git(workspace.path, "rev-parse", "HEAD") == git(project, "rev-parse", "v0.1.0")


async def test_a_linked_work_tree_is_cloned_from_its_own_head(project: Path, tmp_path: Path, data_dir: Path) -> None:
    linked = tmp_path / "linked"
    git(project, "worktree", "add", "--quiet", "-b", "side", str(linked), "v0.1.0")
    workspace = await RepositoryWorkspaces(linked, data_dir).open("s1", {})
    assert git(workspace.path, "branch", "--show-current") == "side"
    head = commit_files(workspace.path, {"new.txt": "new"}, "New")
    await workspace.deliver("new")
    assert git(project, "rev-parse", "trio-agent/new") == head


async def test_a_submodule_is_cloned_by_its_gitfile(project: Path, tmp_path: Path, data_dir: Path) -> None:
    outer = tmp_path / "outer"
    git(tmp_path, "init", "--quiet", "outer")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(project), "inner")
    workspace = await RepositoryWorkspaces(outer / "inner", data_dir).open("s1", {})
    head = commit_files(workspace.path, {"new.txt": "new"}, "New")
    await workspace.deliver("new")
    assert git(outer / "inner", "rev-parse", "trio-agent/new") == head


async def test_a_shallow_repository_is_cloned_and_delivered_to(project: Path, tmp_path: Path, data_dir: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project}", "shallow")
    shallow = tmp_path / "shallow"
    workspace = await RepositoryWorkspaces(shallow, data_dir).open("s1", {})
    assert git(workspace.path, "rev-list", "--count", "HEAD") == "1"
    git(workspace.path, "config", "user.email", "author@example.org")
    head = commit_files(workspace.path, {"new.txt": "new"}, "New")
    assert (await workspace.deliver("new")).problem == ""
    assert git(shallow, "rev-parse", "trio-agent/new") == head
    assert "+new" in await workspace.diff("")


async def test_a_repository_of_the_other_hash_is_cloned_and_delivered_to(tmp_path: Path, data_dir: Path) -> None:
    modern = tmp_path / "modern"
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "modern")
    git(modern, "config", "user.name", "Project Author")
    git(modern, "config", "user.email", "author@example.org")
    commit_files(modern, {"a": "a\n"}, "A")
    workspace = await RepositoryWorkspaces(modern, data_dir).open("s1", {})
    head = commit_files(workspace.path, {"a": "b\n"}, "B")
    (workspace.path / "new").write_text("new\n")
    assert (await workspace.deliver("b")).problem == ""
    assert git(modern, "rev-parse", "trio-agent/b") == head
    assert len(head) == 64
    assert "+b\n" in await workspace.diff(head)
    assert (await workspace.survey()).lines_added == 2


async def test_a_bare_repository_is_delivered_to_but_not_worked_in(
    project: Path, tmp_path: Path, data_dir: Path
) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(project), "bare.git")
    bare = tmp_path / "bare.git"
    workspace = await RepositoryWorkspaces(bare, data_dir).open("s1", {})
    head = commit_files(workspace.path, {"new.txt": "new"}, "New")
    await workspace.deliver("new")
    assert git(bare, "rev-parse", "trio-agent/new") == head
    with pytest.raises(RepositoryError, match="no work tree"):
        await RepositoryWorkspaces(bare, data_dir, in_place=True).open("s2", {})


async def test_a_repository_that_borrows_objects_itself_is_cloned(
    project: Path, tmp_path: Path, data_dir: Path
) -> None:
    git(tmp_path, "clone", "--quiet", "--shared", str(project), "borrower")
    workspace = await RepositoryWorkspaces(tmp_path / "borrower", data_dir).open("s1", {})
    git(workspace.path, "fsck")
    commit_files(workspace.path, {"new.txt": "new"}, "New")
    assert (await workspace.deliver("new")).problem == ""
