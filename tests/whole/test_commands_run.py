"""Commands and stops over HTTP, with the demo model and a real process."""

from __future__ import annotations

from pathlib import Path

from tests.projects import make_project
from tests.served import served
from tests.whole.asking import ask


def test_a_conversation_is_summed_up_and_cut_off_and_goes_on(tmp_path: Path) -> None:
    make_project(tmp_path / "wordcount")
    with (
        served(tmp_path / "wordcount", tmp_path / "data", "--model", "demo") as server,
        server.client() as client,
    ):
        ask(client, "echo one")
        assert client.post("chat", json={"message": "/compact"}).status_code == 202
        client.get("state", params={"poll": "true", "seen": 3})
        messages = ask(client, "echo two")
        assert [message["type"] for message in messages] == ["user", "agent", "user", "compact", "user", "agent"]
        assert client.get("state").json()["first_message_index"] == 3
        assert client.post("chat", json={"message": "stream 5000 20"}).status_code == 202
        while not client.get("state").json()["outstanding_llm_calls"]:
            client.get("state", params={"poll": "true", "seen": client.get("state").json()["message_count"] - 1})
        assert client.post("cancel", json={"reason": "enough"}).json()["status"] == "cancelled"
        assert client.get("state").json()["agent_state"] == "WaitingForUserInput"
        messages = ask(client, "echo three")
        assert messages[-1]["content"] == "three"
        assert "Cancelled: enough" in [message["content"] for message in messages]
        server.kill()
        server.start()
        again = client.get("messages").json()
        assert again == messages, "nothing of it was interrupted"
        assert client.get("state").json()["first_message_index"] == 3
