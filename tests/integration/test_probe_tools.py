"""A probe of HTTP by each program that a host may have for it, run here in its own script."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from opsdash.collectors.probe_scripts import script_of
from opsdash.collectors.probes import asking
from opsdash.core.plugin import understand
from opsdash.core.probe import Http, Probe, Tls
from opsdash.core.reading import Output, Row
from tests.probed_servers import OK, certificate, saying, serving

ALWAYS = (
    *("sh", "cat", "cut", "date", "grep", "head", "sed", "sleep", "tail", "timeout", "true"),
    *("awk", "ls", "stat", "tr", "xargs"),
)
WAYS = {"curl": ("curl",), "wget": ("wget",), "by hand": ("bash", "openssl")}
"""What is there besides, for each way of asking."""


@pytest.fixture(params=WAYS)
def tools(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with these programs alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in (*ALWAYS, *WAYS[request.param]):
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"there is no {name} here")
        (folder / name).symlink_to(found)
    return folder


async def ask(tools: Path, what: Http | Tls, timeout_s: int = 5, trusted: str = "") -> Row:
    """What came of a probe by these programs."""
    probe = Probe("p", what, timeout_s=timeout_s)
    environment = {"PATH": str(tools), "LC_ALL": "C", "HOME": str(tools)}
    if trusted:
        environment |= {"SSL_CERT_FILE": trusted, "CURL_CA_BUNDLE": trusted}
    process = await asyncio.create_subprocess_exec(
        *(tools / "timeout", str(timeout_s + 3), tools / "sh", "-c", script_of(probe)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        cwd=tools.parent,
    )
    said, _ = await process.communicate()
    output = Output(said, {}, status=process.returncode or 0)
    reading = understand(asking(probe), output, "h", 1.8e9)
    assert reading.problem is None, (reading.problem, said)
    return reading.rows[0]


def url(port: int, path: str = "/", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
    return f"{scheme}://{host}:{port}{path}"


async def test_status_and_body_are_what_the_server_sent(tools: Path) -> None:
    body = OK + b"Content-Type: text/plain\r\n\r\nhello\n== meta\ntool curl\n"
    async with serving(saying(body)) as port:
        row = await ask(tools, Http(url(port, "/a?b=c&d=$(touch%20x)'"), body="^hello$"))
        assert (row["outcome"], row["status"], row["matches"]) == ("answered", 200, False)
        row = await ask(tools, Http(url(port), body="(?m)^hello$"))
        assert (row["outcome"], row["matches"]) == ("answered", True)
        row = await ask(tools, Http(url(port), body="text/plain"))
        assert (row["outcome"], row["matches"]) == ("answered", False)
    assert sorted(path.name for path in tools.parent.iterdir()) == ["bin"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.0 503 Busy\r\n\r\nbusy", 503),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 302),
        (b"HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", 401),
    ],
)
async def test_any_status_is_an_answer(tools: Path, answer: bytes, status: int) -> None:
    async with serving(saying(answer)) as port:
        row = await ask(tools, Http(url(port)))
    assert (row["outcome"], row["status"]) == ("answered", status)


async def test_a_body_without_end_is_cut(tools: Path) -> None:
    async with serving(saying(OK + b"\r\nhello", b"x" * 65_536, then="repeat")) as port:
        row = await ask(tools, Http(url(port), body="hello"))
    assert (row["outcome"], row["status"], row["matches"]) == ("answered", 200, True)


async def test_who_says_nothing_or_hangs_up_is_told_apart(tools: Path) -> None:
    async with serving(saying(then="hang")) as port:
        row = await ask(tools, Http(url(port)), timeout_s=1)
        assert (row["outcome"], row["text"]) == ("failed", "no answer in time")
    async with serving(saying()) as port:
        row = await ask(tools, Http(url(port)))
        assert row["outcome"] == "failed"
    row = await ask(tools, Http(url(port)))
    assert row["outcome"] == "failed"
    assert "refused" in str(row["text"])


async def test_a_certificate_is_checked_unless_it_need_not_be(tools: Path, tmp_path: Path) -> None:
    context = certificate(tmp_path, (-1, 30), "localhost")
    pem = tmp_path / "cert.pem"
    async with serving(saying(OK + b"\r\nhello"), context) as port:
        local = url(port, scheme="https", host="localhost")
        row = await ask(tools, Http(local))
        assert (row["outcome"], row["text"]) == ("failed", "its certificate is not trusted")
        row = await ask(tools, Http(local, body="hello", verify=False))
        assert (row["outcome"], row["matches"]) == ("answered", True)
        if (tools / "wget").exists():
            return  # GnuTLS heeds no variable
        row = await ask(tools, Http(local), trusted=str(pem))
        assert (row["outcome"], row["status"]) == ("answered", 200)
        other = url(port, scheme="https", host="127.0.0.1")
        row = await ask(tools, Http(other), trusted=str(pem))
        assert row["outcome"] == "failed"
        assert "certificate" in str(row["text"])


async def test_a_host_without_any_of_them_is_not_known(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ALWAYS:
        (folder / name).symlink_to(str(shutil.which(name)))
    for scheme, need in (("http", "bash"), ("https", "openssl")):
        row = await ask(folder, Http(url(1, scheme=scheme)))
        assert (row["outcome"], row["text"]) == ("unknown", f"the host has no curl, wget or {need}")
        assert "from: here" in str(row["hint"])
