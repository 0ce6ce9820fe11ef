from __future__ import annotations

from pathlib import Path

import pytest
import trio

from tests.projects import commit_files, git
from trio_agent.git.workspaces import RepositoryWorkspaces
from trio_agent.seams import Workspace


@pytest.fixture
def workspaces(project: Path, data_dir: Path) -> RepositoryWorkspaces:
    return RepositoryWorkspaces(project, data_dir)


@pytest.fixture
async def workspace(workspaces: RepositoryWorkspaces) -> Workspace:
    return await workspaces.open("s1", {})


async def test_new_commits_arrive_on_a_branch_newest_first(workspace: Workspace, project: Path) -> None:
    one = commit_files(workspace.path, {"a": "a"}, "One\n\nWhy\nand how.")
    two = commit_files(workspace.path, {"b": "b"}, "Zwei ü")
    delivery = await workspace.deliver("Fix tests")
    assert delivery.branch == "trio-agent/fix-tests"
    assert delivery.problem == ""
    assert [(c.hash, c.subject, c.body, c.pushed_branch) for c in delivery.commits] == [
        (two, "Zwei ü", "", "trio-agent/fix-tests"),
        (one, "One", "Why\nand how.", ""),
    ]
    assert git(project, "rev-parse", "trio-agent/fix-tests") == two
    git(project, "fsck", "--strict")


async def test_delivered_objects_no_longer_need_the_clone(
    workspace: Workspace, workspaces: RepositoryWorkspaces, project: Path
) -> None:
    commit_files(workspace.path, {"a": "a\n"}, "One")
    await workspace.deliver("one")
    await workspaces.remove("s1")
    assert git(project, "show", "trio-agent/one:a") == "a"
    git(project, "fsck", "--strict")


async def test_many_objects_arrive_as_one_pack(workspace: Workspace, project: Path) -> None:
    commit_files(workspace.path, {f"many/{number}": str(number) for number in range(150)}, "Many")
    loose = git(project, "count-objects")
    await workspace.deliver("many")
    assert git(project, "count-objects") == loose
    assert git(project, "ls-tree", "--name-only", "trio-agent/many:many").count("\n") == 149


async def test_nothing_that_was_packed_for_the_way_is_left(workspace: Workspace, data_dir: Path) -> None:
    commit_files(workspace.path, {"a": "a"}, "One")
    await workspace.deliver("one")
    assert list((data_dir / "workspaces" / "s1.git").rglob("*.pack")) == []


async def test_only_what_is_new_is_carried(workspaces: RepositoryWorkspaces, project: Path) -> None:
    commit_files(project, {f"many/{number}": str(number) for number in range(150)}, "Many of the user's")
    workspace = await workspaces.open("s2", {})
    commit_files(workspace.path, {f"more/{number}": f"more {number}" for number in range(90)}, "Many of the agent's")
    await workspace.deliver("many")
    commit_files(workspace.path, {f"most/{number}": f"most {number}" for number in range(90)}, "Many more")
    await workspace.deliver("many")
    # All that was there and came before would be more than is kept loose.
    assert "packs: 0" in git(project, "count-objects", "--verbose").splitlines()


async def test_each_commit_is_told_once(workspace: Workspace) -> None:
    commit_files(workspace.path, {"a": "a"}, "One")
    assert len((await workspace.deliver("one")).commits) == 1
    assert (await workspace.deliver("one")).commits == ()
    commit_files(workspace.path, {"a": "b"}, "Two")
    assert [commit.subject for commit in (await workspace.deliver("one")).commits] == ["Two"]


async def test_nothing_new_is_nothing_delivered(workspace: Workspace, project: Path) -> None:
    (workspace.path / "README.md").write_text("not committed")
    delivery = await workspace.deliver("one")
    assert (delivery.commits, delivery.branch, delivery.problem) == ((), "", "")
    assert git(project, "branch", "--format=%(refname:short)") == "main"


async def test_no_more_than_a_hundred_commits_are_told(workspace: Workspace) -> None:
    stream = "".join(
        f"commit refs/heads/main\ncommitter A <a@example.org> {1_700_000_000 + number} +0000\ndata 1\n{number % 10}\n"
        + ("from refs/heads/main^0\n" if number == 0 else "")
        for number in range(120)
    )
    git(workspace.path, "fast-import", "--quiet", stdin=stream)
    delivery = await workspace.deliver("many")
    assert len(delivery.commits) == 100
    assert delivery.commits[0].hash == git(workspace.path, "rev-parse", "HEAD")


async def test_the_branch_chosen_first_is_kept(workspace: Workspace, workspaces: RepositoryWorkspaces) -> None:
    commit_files(workspace.path, {"a": "a"}, "One")
    assert (await workspace.deliver("first")).branch == "trio-agent/first"
    again = await workspaces.open("s1", workspace.notes)
    commit_files(workspace.path, {"a": "b"}, "Two")
    assert (await again.deliver("second")).branch == "trio-agent/first"


async def test_a_branch_of_others_is_left_alone_and_the_name_numbered(workspace: Workspace, project: Path) -> None:
    git(project, "branch", "trio-agent/fix")
    git(project, "branch", "trio-agent/fix-2/deeper")
    head = commit_files(workspace.path, {"a": "a"}, "One")
    assert (await workspace.deliver("fix")).branch == "trio-agent/fix-3"
    assert git(project, "rev-parse", "trio-agent/fix-3") == head
    assert git(project, "rev-parse", "trio-agent/fix") == git(project, "rev-parse", "main")


async def test_two_sessions_of_one_slug_get_a_branch_each(
    workspace: Workspace, workspaces: RepositoryWorkspaces
) -> None:
    other = await workspaces.open("s2", {})
    commit_files(workspace.path, {"a": "a"}, "One")
    commit_files(other.path, {"a": "b"}, "Other")
    assert (await workspace.deliver("fix")).branch == "trio-agent/fix"
    assert (await other.deliver("fix")).branch == "trio-agent/fix-2"


async def test_two_sessions_that_deliver_at_once_get_a_branch_each(
    workspace: Workspace, workspaces: RepositoryWorkspaces, project: Path
) -> None:
    other = await workspaces.open("s2", {})
    heads = {commit_files(workspace.path, {"a": "a"}, "One"), commit_files(other.path, {"a": "b"}, "Other")}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(workspace.deliver, "fix")
        nursery.start_soon(other.deliver, "fix")
    assert {git(project, "rev-parse", f"trio-agent/{name}") for name in ("fix", "fix-2")} == heads


async def test_an_amended_commit_replaces_the_one_delivered(workspace: Workspace, project: Path) -> None:
    commit_files(workspace.path, {"a": "a"}, "One")
    await workspace.deliver("one")
    git(workspace.path, "commit", "--quiet", "--amend", "--message", "One, better")
    delivery = await workspace.deliver("one")
    assert [commit.subject for commit in delivery.commits] == ["One, better"]
    assert delivery.problem == ""
    assert git(project, "log", "-2", "--format=%s", "trio-agent/one").splitlines()[0] == "One, better"
    assert git(project, "rev-list", "--count", "main..trio-agent/one") == "1"


async def test_commits_taken_back_are_taken_back_on_the_branch(workspace: Workspace, project: Path) -> None:
    one = commit_files(workspace.path, {"a": "a"}, "One")
    commit_files(workspace.path, {"a": "b"}, "Two")
    await workspace.deliver("one")
    git(workspace.path, "reset", "--quiet", "--hard", one)
    delivery = await workspace.deliver("one")
    assert (delivery.commits, delivery.branch) == ((), "trio-agent/one")
    assert git(project, "rev-parse", "trio-agent/one") == one


async def test_an_amended_commit_that_was_pruned_does_not_matter(workspace: Workspace, project: Path) -> None:
    commit_files(workspace.path, {"a": "a"}, "One")
    await workspace.deliver("one")
    git(project, "checkout", "--quiet", "trio-agent/one")
    commit_files(workspace.path, {"a": "b"}, "Two")
    assert (await workspace.deliver("one")).problem
    git(project, "checkout", "--quiet", "main")
    git(workspace.path, "commit", "--quiet", "--amend", "--message", "Two, better")
    git(workspace.path, "reflog", "expire", "--expire=now", "--all")
    git(workspace.path, "gc", "--quiet", "--prune=now")
    delivery = await workspace.deliver("one")
    assert [commit.subject for commit in delivery.commits] == ["Two, better"]
    assert delivery.problem == ""


async def test_a_first_delivery_that_failed_is_made_up_for_and_said_to_be(
    workspace: Workspace, workspaces: RepositoryWorkspaces, project: Path
) -> None:
    in_the_way = project / ".git" / "refs" / "heads" / "trio-agent"
    in_the_way.write_text("no room for a folder")
    head = commit_files(workspace.path, {"a": "a"}, "One")
    failed = await workspace.deliver("one")
    assert failed.problem
    assert not failed.late
    in_the_way.unlink()
    again = await workspaces.open("s1", workspace.notes)
    delivery = await again.deliver("one")
    assert (delivery.commits, delivery.branch, delivery.late) == ((), "trio-agent/one", True)
    assert git(project, "rev-parse", "trio-agent/one") == head
    commit_files(workspace.path, {"a": "b"}, "Two")
    assert not (await again.deliver("one")).late


async def test_beside_a_branch_of_the_users_called_trio_agent_commits_arrive_all_the_same(
    workspace: Workspace, workspaces: RepositoryWorkspaces, project: Path
) -> None:
    git(project, "branch", "trio-agent")
    git(project, "branch", "trio-agent-one/deeper")
    other = await workspaces.open("s2", {})
    head = commit_files(workspace.path, {"a": "a"}, "One")
    delivery = await workspace.deliver("one")
    assert (delivery.branch, delivery.problem) == ("trio-agent-one-2", "")
    assert git(project, "rev-parse", "trio-agent-one-2") == head
    commit_files(other.path, {"a": "b"}, "Other")
    assert (await other.deliver("one-2")).branch == "trio-agent-one-2-2"
    again = await workspaces.open("s1", workspace.notes)
    head = commit_files(again.path, {"a": "c"}, "Three")
    assert (await again.deliver("one")).branch == "trio-agent-one-2"
    assert git(project, "rev-parse", "trio-agent-one-2") == head


async def test_a_branch_that_came_to_stand_in_the_way_is_named(workspace: Workspace, project: Path) -> None:
    commit_files(workspace.path, {"a": "a"}, "One")
    await workspace.deliver("one")
    git(project, "branch", "--quiet", "--delete", "--force", "trio-agent/one")
    git(project, "branch", "trio-agent")
    commit_files(workspace.path, {"a": "b"}, "Two")
    delivery = await workspace.deliver("one")
    assert "branch trio-agent stands in the way of trio-agent/one: rename it" in delivery.problem


async def test_the_files_of_one_new_commit_are_named(workspace: Workspace) -> None:
    (workspace.path / "pyproject.toml").unlink()
    (workspace.path / "link").symlink_to("README.md")
    commit_files(workspace.path, {"ä b/c.py": "x\n", "README.md": "changed\n"}, "One")
    assert sorted((await workspace.deliver("one")).files) == ["README.md", "link", "ä b/c.py"]
    assert (await workspace.deliver("one")).files == ()
    commit_files(workspace.path, {"a": "1\n"}, "Two")
    commit_files(workspace.path, {"a": "2\n"}, "Three")
    assert (await workspace.deliver("one")).files == ()
    git(workspace.path, "commit", "--quiet", "--amend", "--message", "Three, better")
    assert (await workspace.deliver("one")).files == ("a",)


async def test_a_branch_that_is_checked_out_is_not_moved(workspace: Workspace, project: Path, tmp_path: Path) -> None:
    one = commit_files(workspace.path, {"a": "a"}, "One")
    await workspace.deliver("one")
    git(project, "worktree", "add", "--quiet", str(tmp_path / "looking"), "trio-agent/one")
    two = commit_files(workspace.path, {"a": "b"}, "Two")
    delivery = await workspace.deliver("one")
    assert f"checked out in {tmp_path / 'looking'}" in delivery.problem
    assert [(commit.hash, commit.pushed_branch) for commit in delivery.commits] == [(two, "")]
    assert git(project, "rev-parse", "trio-agent/one") == one


async def test_a_problem_is_told_once_and_delivery_tried_again(
    workspace: Workspace, workspaces: RepositoryWorkspaces, project: Path
) -> None:
    commit_files(workspace.path, {"a": "a"}, "One")
    await workspace.deliver("one")
    git(project, "checkout", "--quiet", "trio-agent/one")
    two = commit_files(workspace.path, {"a": "b"}, "Two")
    assert (await workspace.deliver("one")).problem
    assert (await workspace.deliver("one")).problem == ""
    git(project, "checkout", "--quiet", "main")
    delivery = await workspace.deliver("one")
    assert (delivery.commits, delivery.branch, delivery.problem) == ((), "trio-agent/one", "")
    assert delivery.late
    assert git(project, "rev-parse", "trio-agent/one") == two


async def test_a_branch_the_user_went_on_with_is_not_overwritten(workspace: Workspace, project: Path) -> None:
    commit_files(workspace.path, {"a": "a"}, "One")
    await workspace.deliver("one")
    git(project, "checkout", "--quiet", "trio-agent/one")
    users = commit_files(project, {"a": "users"}, "The user's")
    git(project, "checkout", "--quiet", "main")
    commit_files(workspace.path, {"a": "b"}, "Two")
    assert "not of this session" in (await workspace.deliver("one")).problem
    assert git(project, "rev-parse", "trio-agent/one") == users


async def test_a_branch_the_user_deleted_comes_back_with_new_commits(workspace: Workspace, project: Path) -> None:
    commit_files(workspace.path, {"a": "a"}, "One")
    await workspace.deliver("one")
    git(project, "branch", "--quiet", "--delete", "--force", "trio-agent/one")
    git(project, "reflog", "expire", "--expire=now", "--all")
    git(project, "gc", "--quiet", "--prune=now")
    two = commit_files(workspace.path, {"a": "b"}, "Two")
    assert (await workspace.deliver("one")).problem == ""
    assert git(project, "rev-parse", "trio-agent/one") == two
    git(project, "fsck", "--strict")


async def test_a_branch_brought_just_before_a_crash_is_taken_up_again(
    workspace: Workspace, workspaces: RepositoryWorkspaces, project: Path
) -> None:
    noted = workspace.notes
    commit_files(workspace.path, {"a": "a"}, "One")
    await workspace.deliver("one")
    again = await workspaces.open("s1", noted)
    delivery = await again.deliver("one")
    assert delivery.branch == "trio-agent/one"
    assert [commit.subject for commit in delivery.commits] == ["One"]
    assert git(project, "branch", "--list", "trio-agent/*").split() == ["trio-agent/one"]


async def test_delivery_touches_nothing_of_the_users_but_its_branch(workspace: Workspace, project: Path) -> None:
    (project / "README.md").write_text("the user is at work\n")
    git(project, "add", "README.md")
    (project / "untracked").write_text("here too\n")
    before = _snapshot(project)
    commit_files(workspace.path, {"README.md": "the agent was at work\n"}, "One")
    await workspace.deliver("one")
    await workspace.diff("")
    await workspace.survey()
    after = _snapshot(project)
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == {
        ".git/refs/heads/trio-agent/one",
        ".git/logs/refs/heads/trio-agent/one",
    }


async def test_commits_that_would_harm_whoever_checks_them_out_are_refused(workspace: Workspace, project: Path) -> None:
    blob = git(workspace.path, "hash-object", "-w", "--stdin", stdin="[core]\n\tfsmonitor = harm\n")
    config = git(workspace.path, "mktree", stdin=f"100644 blob {blob}\tconfig\n")
    tree = git(workspace.path, "mktree", stdin=f"040000 tree {config}\t.git\n")
    commit = git(workspace.path, "commit-tree", tree, "-p", "HEAD", "-m", "Harm")
    git(workspace.path, "update-ref", "HEAD", commit)
    delivery = await workspace.deliver("harm")
    assert delivery.problem
    assert git(project, "branch", "--list", "trio-agent/*") == ""


async def test_text_that_is_not_utf8_is_told_all_the_same(workspace: Workspace) -> None:
    raw = workspace.path / "raw"
    header = git(workspace.path, "cat-file", "commit", "HEAD").partition("\n\n")[0]
    raw.write_bytes(header.encode() + b"\n\ncaf\xe9\n\nb\xe9\n")
    parent = git(workspace.path, "rev-parse", "HEAD")
    commit = git(workspace.path, "hash-object", "-t", "commit", "-w", "raw")
    assert commit != parent
    git(workspace.path, "update-ref", "HEAD", commit)
    delivery = await workspace.deliver("one")
    assert [(told.subject, told.body) for told in delivery.commits] == [("caf\ufffd", "b\ufffd")]


async def test_a_repository_that_cannot_be_written_to_is_a_problem(workspace: Workspace, project: Path) -> None:
    commit_files(workspace.path, {"a": "a"}, "One")
    for number in range(256):
        folder = project / ".git" / "objects" / f"{number:02x}"
        if not folder.exists():
            folder.write_text("no room for a folder")
    delivery = await workspace.deliver("one")
    assert "did not arrive in the repository: unable to create temporary file" in delivery.problem
    assert [commit.subject for commit in delivery.commits] == ["One"]
    assert git(project, "branch", "--list", "trio-agent/*") == ""


def _snapshot(project: Path) -> dict[str, bytes]:
    files = (path for path in project.rglob("*") if path.is_file() and ".git/objects/" not in str(path))
    return {str(path.relative_to(project)): path.read_bytes() for path in files}
