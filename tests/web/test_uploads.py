"""Files that users bring: kept once, weighed, named by messages, and gone with their session."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
import trio

from tests.web.serving import Server, open_events, serving_app
from trio_agent.core.errors import NotFound
from trio_agent.runtime import uploads
from trio_agent.runtime.uploads import MAX_FILE_BYTES, MAX_FILES, MAX_TEXT_CHARS, plain_name
from trio_agent.stores.blobs import MemoryBlobs

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
KEY = {"Idempotency-Key": "a-key-of-mine"}


@asynccontextmanager
async def a_server(blobs: MemoryBlobs | None = None) -> AsyncIterator[tuple[Server, httpx2.AsyncClient]]:
    async with serving_app(blobs=blobs or MemoryBlobs()) as server, server.client() as client:
        yield server, client


async def bring(client: httpx2.AsyncClient, data: bytes, path: str = "/blobs") -> dict[str, Any]:
    answer = await client.post(path, content=data)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_file_is_kept_once_and_known_by_its_bytes() -> None:
    async with a_server() as (server, client):
        told = await bring(client, PNG)
        assert told == {"blob": hashlib.sha256(PNG).hexdigest(), "size": len(PNG), "media_type": "image/png"}
        assert await bring(client, PNG) == told
        assert (await client.get(f"/blobs/{told['blob']}")).content == PNG
        assert len((await server.session()).kept.uploads) == 1


async def test_a_message_carries_the_files_it_names_and_the_text_in_them() -> None:
    async with a_server() as (_, client):
        image, text = await bring(client, PNG), await bring(client, "grüße\n".encode())
        attachments = [{"blob": image["blob"], "name": "shot.png"}, {"blob": text["blob"], "name": "C:\\tmp\\a.txt"}]
        answer = await client.post("/chat", json={"message": "look", "attachments": attachments})
        assert answer.status_code == 202
        (said, *_) = (await client.get("/messages")).json()
        assert said["display"] == {
            "kind": "prompt",
            "files": [
                {"blob": image["blob"], "name": "shot.png", "media_type": "image/png", "size": len(PNG)},
                {"blob": text["blob"], "name": "a.txt", "media_type": "text/plain", "size": 8, "text": "grüße\n"},
            ],
        }


async def test_a_long_text_is_cut_and_says_so() -> None:
    async with a_server() as (_, client):
        text = await bring(client, b"x" * (MAX_TEXT_CHARS + 1))
        await client.post("/chat", json={"message": "a", "attachments": [{"blob": text["blob"], "name": "a"}]})
        (file,) = (await client.get("/messages")).json()[0]["display"]["files"]
        assert (len(file["text"]), file["cut"]) == (MAX_TEXT_CHARS, True)


async def test_secrets_in_a_text_do_not_come_into_the_log() -> None:
    async with a_server() as (_, client):
        text = await bring(client, b"key: ghp_" + b"a1B2" * 9)
        await client.post("/chat", json={"message": "a", "attachments": [{"blob": text["blob"], "name": "a"}]})
        assert (await client.get("/messages")).json()[0]["display"]["files"][0]["text"] == "key: [redacted]"


async def test_a_file_without_words_is_a_message_and_nothing_at_all_is_none() -> None:
    async with a_server() as (_, client):
        image = await bring(client, PNG)
        body = {"message": "", "attachments": [{"blob": image["blob"], "name": "a"}]}
        assert (await client.post("/chat", json=body)).status_code == 202
        assert (await client.post("/chat", json={"message": "", "attachments": []})).status_code == 422


async def test_a_message_names_only_files_of_its_own_session() -> None:
    blobs = MemoryBlobs()
    stranger = await blobs.put(b"of a tool")
    async with a_server(blobs) as (server, client):
        other = (await client.post("/sessions", json={})).json()["url"]
        theirs = (await bring(client, b"theirs", "/sessions/" + (await server.session()).id + "/blobs"))["blob"]
        await client.post("/sessions", json={})
        for blob in (stranger, theirs, "0" * 64, "", "../token"):
            body = {"message": "a", "attachments": [{"blob": blob, "name": "a"}]}
            assert (await client.post("/chat", json=body)).status_code == 422, (blob, other)
        assert (await client.get("/messages")).json() == []


async def test_a_key_stands_for_the_files_too() -> None:
    async with a_server() as (_, client):
        image = await bring(client, PNG)
        body = {"message": "a", "attachments": [{"blob": image["blob"], "name": "a"}]}
        statuses = [
            (await client.post("/chat", json=each, headers=KEY)).status_code
            for each in (body, body, {"message": "a"}, {**body, "queued": True})
        ]
        assert statuses == [202, 200, 422, 422]


async def test_a_message_takes_so_many_files_and_no_more() -> None:
    async with a_server() as (_, client):
        file = {"blob": (await bring(client, PNG))["blob"], "name": "a"}
        for count, status in ((MAX_FILES + 1, 422), (MAX_FILES, 202)):
            answer = await client.post("/chat", json={"message": "a", "attachments": [file] * count})
            assert answer.status_code == status


async def test_a_file_of_ten_mebibytes_is_taken_and_one_byte_more_is_not() -> None:
    async with a_server() as (server, client):
        await bring(client, bytes(MAX_FILE_BYTES))
        for path in ("/blobs", f"/sessions/{(await server.session()).id}/blobs"):

            async def in_chunks() -> AsyncIterator[bytes]:
                for _ in range(MAX_FILE_BYTES // 2**20):
                    yield bytes(2**20)
                yield b"x"

            assert (await client.post(path, content=bytes(MAX_FILE_BYTES + 1))).status_code == 413
            assert (await client.post(path, content=in_chunks())).status_code == 413
        assert len((await server.session()).kept.uploads) == 1


async def test_a_larger_body_is_for_files_alone() -> None:
    async with a_server() as (_, client):
        answer = await client.post("/chat", json={"message": "x" * 2**20})
        assert answer.status_code == 413


async def test_a_session_takes_so_many_bytes_however_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_SESSION_BYTES", 250)
    async with a_server() as (server, client):
        statuses: list[int] = []

        async def one(number: int) -> None:
            statuses.append((await client.post("/blobs", content=b"%d" % number * 100)).status_code)

        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(one, number)
        assert sorted(statuses) == [201, 201, 422, 422, 422]
        kept = (await server.session()).kept.uploads
        assert sum(each.size for each in kept.values()) == 200
        assert (await client.post("/blobs", content=b"")).status_code == 422


async def test_files_go_with_their_session_sent_or_not_but_for_those_of_others() -> None:
    blobs = MemoryBlobs()
    async with a_server(blobs) as (server, client):
        first = (await server.session()).id
        second = (await client.post("/sessions", json={})).json()["session_id"]
        mine = (await bring(client, b"mine", f"/sessions/{first}/blobs"))["blob"]
        both = [(await bring(client, b"both", f"/sessions/{each}/blobs"))["blob"] for each in (first, second)]
        assert (await client.delete(f"/sessions/{first}")).status_code == 204
        assert await blobs.get(both[0]) == b"both"
        with pytest.raises(NotFound):
            await blobs.get(mine)


async def test_files_need_the_token_and_a_page_of_ours() -> None:
    async with serving_app(blobs=MemoryBlobs()) as server:
        async with server.client("") as client:
            assert (await client.post("/blobs", content=PNG)).status_code == 401
        async with server.client() as client:
            answer = await client.post("/blobs", content=PNG, headers={"Origin": "http://evil.example"})
            assert answer.status_code == 403


async def test_where_no_files_are_kept_none_is_taken() -> None:
    async with serving_app() as server, server.client() as client:
        assert (await client.post("/blobs", content=PNG)).status_code == 404


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a.txt", "a.txt"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\b.txt", "b.txt"),
        ("two\nlines\x1b[31m.txt", "two lines [31m.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a/", "file"),
        ("", "file"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_name_is_a_name_and_no_path(name: str, plain: str) -> None:
    assert plain_name(name) == plain


async def test_what_waits_is_told_to_who_asks_and_goes_when_it_is_taken_back() -> None:
    async with a_server() as (server, client), open_events(client, "stream?prompts=true") as events:
        agent: Any = server.agent
        await client.post("/chat", json={"message": "hang"})
        await agent.hanging.wait()
        await client.post("/chat", json={"message": "later", "queued": True})
        while '"idx":1' not in (told := (await events.next_of("prompts")).data):
            pass
        assert told == '{"waiting":[{"idx":1,"when":"after_turn"}]}'
        assert (await client.post("/withdraw", json={"idx": 1})).json() == {"idx": 1}
        assert (await events.next_of("prompts")).data == '{"waiting":[]}'
        assert (await client.post("/withdraw", json={"idx": 0})).status_code == 404
        for wrong in ({"idx": "1"}, {}, {"idx": 1, "key": "a-key-of-mine"}):
            assert (await client.post("/withdraw", json=wrong)).status_code == 422
        assert (await client.post("/withdraw", json={"key": "a-key-of-mine"})).json() == {"idx": None}
        assert (await client.post("/chat", json={"message": "a"}, headers=KEY)).status_code == 422
        last = (await client.get("/messages")).json()[-1]
        assert (last["type"], last["display"]) == ("auto", {"kind": "withdrawn", "idx": 1})


async def test_who_does_not_ask_is_not_told_what_waits() -> None:
    async with a_server() as (server, client), open_events(client) as events:
        agent: Any = server.agent
        await client.post("/chat", json={"message": "hang"})
        await agent.hanging.wait()
        await client.post("/chat", json={"message": "more"})
        names = []
        while (event := await events.next()).event != "state" or '"message_count":2,' not in event.data:
            names.append(event.event)
        await client.post("/cancel", json={})
        while (event := await events.next()).event != "message" or "Cancelled" not in event.data:
            names.append(event.event)
        assert "prompts" not in names
