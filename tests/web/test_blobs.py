from __future__ import annotations

from tests.web.serving import serving_app
from trio_agent.stores.blobs import MemoryBlobs


async def test_a_blob_is_a_download_that_no_browser_takes_for_a_page() -> None:
    blobs = MemoryBlobs()
    blob = await blobs.put(b"<script>alert(1)</script>")
    async with serving_app(blobs=blobs) as server, server.client() as client:
        answer = await client.get(f"/blobs/{blob}")
        assert answer.content == b"<script>alert(1)</script>"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


async def test_what_is_no_blob_is_not_found() -> None:
    async with serving_app(blobs=MemoryBlobs()) as server, server.client() as client:
        for name in ("0" * 64, "token", "..%2Ftoken", "%00"):
            assert (await client.get(f"/blobs/{name}")).status_code == 404
    async with serving_app() as server, server.client() as client:
        assert (await client.get(f"/blobs/{'0' * 64}")).status_code == 404


async def test_a_blob_needs_the_token() -> None:
    blobs = MemoryBlobs()
    blob = await blobs.put(b"data")
    async with serving_app(blobs=blobs) as server, server.client("") as client:
        assert (await client.get(f"/blobs/{blob}")).status_code == 401
