"""The usual places of credentials in a home, and beside them all that a developer's commands need."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.bench import FakeBench
from trio_agent.tools.credentials import CREDENTIALS, credential_places
from trio_agent.tools.environment import child_environment
from trio_agent.tools.sandbox import Sandbox, find_sandbox

_SECRET = """
.pgpass .vault-token .cargo/credentials .cargo/credentials.toml .config/glab-cli/config.yml .codex/auth.json .boto .s3cfg
.password-store/bank.gpg .config/op/config .1password/agent.sock .mozilla/firefox/x.default/logins.json
.config/google-chrome/Default/Cookies .config/chromium/Default/Cookies .config/BraveSoftware/Brave-Browser/Cookies
.config/rclone/rclone.conf .terraform.d/credentials.tfrc.json .m2/settings.xml .gem/credentials .claude/.credentials.json
.claude.json .gemini/oauth_creds.json .local/share/keyrings/login.keyring .kube/config .docker/config.json
.azure/msal_token_cache.json .config/gcloud/credentials.db .ssh/id_ed25519 .gnupg/private-keys-v1.d/x.key .aws/credentials
.netrc .npmrc .pypirc .git-credentials .config/git/credentials .config/gh/hosts.yml .bash_history
"""

_NEEDED = """
.gitconfig .config/git/config .config/git/ignore .gitignore_global .cargo/bin/cargo .cargo/config.toml
.cargo/registry/index/x .rustup/settings.toml .rustup/toolchains/stable/bin/rustc .pyenv/shims/python
.pyenv/versions/3.11/bin/python .nvm/nvm.sh .nvm/versions/node/v20/bin/node .npm/_cacache/x .npm-global/bin/tsc
.local/bin/uv .local/lib/python3.11/site-packages/x.py .local/share/uv/python/x .local/share/uv/tools/x .local/share/pnpm/x
.cache/pip/x .cache/uv/x .cache/go-build/x .cache/huggingface/hub/x .cache/ms-playwright/x go/bin/gopls go/pkg/mod/x
.config/go/env .config/pip/pip.conf .config/uv/uv.toml .m2/repository/x .gradle/caches/x .gradle/wrapper/dists/x
.sdkman/bin/sdkman-init.sh .asdf/asdf.sh .volta/bin/node .bun/bin/bun .deno/bin/deno .rbenv/shims/ruby .gem/ruby/3/x
.bundle/cache/x .terraform.d/plugins/x .bashrc .profile code/other/file
"""
SECRET, NEEDED = _SECRET.split(), _NEEDED.split()


@pytest.fixture(params=["auto", "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return find_sandbox(request.param)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that is not in /tmp, which a sandbox replaces."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        monkeypatch.setenv("HOME", directory)
        yield Path(directory).resolve()


def write(home: Path, names: list[str], text: str) -> None:
    for name in names:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)


def run(sandbox: Sandbox, workspace: Path, script: str, *hidden: Path) -> str:
    argv = sandbox.wrap(["bash", "-c", script], workspace, hidden)
    environment = child_environment(os.environ, {})
    return subprocess.run(argv, cwd=workspace, env=environment, capture_output=True, text=True).stdout


def test_no_usual_credential_is_seen_and_all_that_tools_need_is(sandbox: Sandbox, home: Path, bench: FakeBench) -> None:
    write(home, SECRET, "secret\n")
    write(home, NEEDED, "needed\n")
    told = run(sandbox, bench.workspace, f"cd {home}; grep -rl secret .").split()
    assert {name.removeprefix("./") for name in told} == (set() if sandbox.name == "bwrap" else set(SECRET))
    told = run(sandbox, bench.workspace, f"cd {home}; grep -l needed {shlex.join(NEEDED)}").split()
    assert told == NEEDED


def test_what_reads_a_hidden_file_finds_as_little_as_it_takes(sandbox: Sandbox, home: Path, bench: FakeBench) -> None:
    names = [".claude.json", ".m2/settings.xml", ".m2/settings-security.xml", ".nuget/NuGet/NuGet.Config", ".pgpass"]
    write(home, names, "secret\n")
    told = run(sandbox, bench.workspace, f"cd {home}; for name in {shlex.join(names)}; do cat $name; echo .; done")
    if sandbox.name == "bwrap":
        assert told.split() == ["{}", ".", "<settings/>", ".", "<settingsSecurity/>", ".", "<configuration/>", ".", "."]


def test_places_that_a_variable_moves_are_hidden_there(home: Path, bench: FakeBench) -> None:
    environment = {
        "XDG_CONFIG_HOME": f"{home}/cfg",
        "XDG_DATA_HOME": str(home),
        "CARGO_HOME": "/opt/cargo",
        "DOCKER_CONFIG": "/srv/docker",
        "KUBECONFIG": f"{home}/one:/dev/null:relative::{home}/two",
        "NPM_CONFIG_USERCONFIG": "/dev/null",
        "GNUPGHOME": str(home),
        "NETRC": "/",
    }
    places = credential_places(home, environment)
    assert {home / "cfg/gh", home / "keyrings", home / "one", home / "two"} < set(places)
    assert {Path("/opt/cargo/credentials"), Path("/opt/cargo/credentials.toml"), Path("/srv/docker")} < set(places)
    assert {home / name for name in CREDENTIALS} < set(places)
    # None that would hide everything, or take away the device that scripts write to.
    assert not {home, home.parent, Path("/"), Path("/dev/null")} & set(places)
    assert all(place.is_absolute() for place in places)


def test_a_moved_place_is_not_seen_by_a_command(sandbox: Sandbox, home: Path, bench: FakeBench) -> None:
    write(home, ["cfg/gh/hosts.yml", "clusters"], "secret\n")
    hidden = credential_places(home, {"XDG_CONFIG_HOME": f"{home}/cfg", "KUBECONFIG": f"{home}/clusters:/dev/null"})
    told = run(sandbox, bench.workspace, f"cat {home}/cfg/gh/hosts.yml {home}/clusters; echo well > /dev/null", *hidden)
    assert told == ("" if sandbox.name == "bwrap" else "secret\n" * 2)
