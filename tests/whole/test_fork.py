"""A session is forked in mid-work, through the server as users start it: another future, on the files of that moment."""

from __future__ import annotations

from pathlib import Path

from tests.projects import git, make_project
from tests.served import served
from tests.whole.test_repository import say, told


def commit(name: str) -> str:
    return f"bash echo {name} > {name} && git add {name} && git commit -qm 'Add {name}' && echo made {name}"


def test_a_fork_works_on_the_files_of_its_moment_and_brings_its_own_branch(tmp_path: Path) -> None:
    repository = tmp_path / "wordcount"
    make_project(repository)
    with served(repository, tmp_path / "data", "--model", "demo") as server:
        with server.client() as client:
            source = say(client, commit("first"), until="made first")
            index = len(client.get("messages").json())
            say(client, commit("second"), until="made second")
            fork = {"session": source["session_id"], "index": index}
            made = client.post("sessions", json={"fork": fork}).raise_for_status().json()
            state = say(client, commit("third"), until="made third")
            assert state["session_id"] == made["session_id"]
            (note,) = told(client, "auto")
            assert note["content"].startswith("This session was forked. Its files are those of commit")
            files = git(repository, "ls-tree", "--name-only", state["branch_name"], "first", "second", "third")
            assert files == "first\nthird"
            assert state["branch_name"] == f"{source['branch_name']}-2"
            assert git(repository, "log", "-1", "--format=%s", source["branch_name"]) == "Add second"
        server.kill()
        server.start()
        with server.client() as client:
            assert client.get("sessions").json()[0]["forked_from"]["session_id"] == source["session_id"]
            say(client, "echo again", until="again")
            assert len(told(client, "auto")) == 1, "said once"
