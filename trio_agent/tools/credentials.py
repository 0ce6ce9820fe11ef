"""Where credentials are kept on a usual machine: what no command in a sandbox and no tool may see.

A list, by what keeps them, of names below the home directory; docs/agent.md shows it. What it names is hidden and everything
else is seen, for a command needs the tool chains, their configuration and the projects that lie there. So a program that is
not on it is not hidden, and neither is a secret that somebody wrote into a file of another purpose: `~/.gitconfig`, the
`pip.conf` that names an index, a shell's start-up file. The user can name more (`--hide`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Keeper:
    """What keeps credentials, in words, and the `names` of the places below the home directory; a folder ends with a slash."""

    what: str
    names: tuple[str, ...]


def _keeper(what: str, names: str) -> Keeper:
    return Keeper(
        what, tuple(name for line in names.splitlines() for name in line.strip().strip(",").split(", ") if name)
    )


KEEPERS = (
    _keeper(
        "keys and passwords",
        """
        .ssh/, .gnupg/, .pki/, .local/share/keyrings/, .local/share/kwalletd/, .password-store/,
        .local/share/password-store/, .local/share/gopass/, .config/gopass/, .config/sops/, .config/age/,
        .1password/, .config/1Password/, .config/op/, .config/Bitwarden/, .config/Bitwarden CLI/,
        .config/keepassxc/, .local/share/keepassxc/, .config/rbw/, .local/share/rbw/, .putty/, .step/, .netrc,
        .authinfo, .authinfo.gpg, .vault-token, .Xauthority, .ICEauthority,
        """,
    ),
    _keeper(
        "git and its hosts",
        """
        .config/gh/, .config/glab-cli/, .config/hub/, .config/tea/, .git-credentials, .config/git/credentials,
        .config/hub.yml,
        """,
    ),
    _keeper(
        "clouds and clusters",
        """
        .aws/, .azure/, .config/gcloud/, .config/doctl/, .config/hcloud/, .config/scw/, .config/linode-cli/, .oci/,
        .bluemix/, .aliyun/, .tccli/, .config/openstack/, .kube/, .minikube/, .config/helm/, .docker/, .colima/,
        .lima/, .rd/, .config/flyctl/, .fly/, .config/heroku/, .vercel/, .local/share/com.vercel.cli/,
        .config/netlify/, .wrangler/, .config/.wrangler/, .railway/, .config/configstore/, .config/rclone/,
        .config/argocd/, .pulumi/, .config/databricks/, .boto, .s3cfg, .rclone.conf, .databrickscfg,
        .snowsql/config, .terraformrc, .pgpass, .my.cnf, .mylogin.cnf, .pg_service.conf,
        .terraform.d/credentials.tfrc.json, .config/stripe/config.toml, .config/containers/auth.json,
        .config/ngrok/ngrok.yml, .ngrok2/ngrok.yml, .sentryclirc,
        """,
    ),
    _keeper(
        "package registries",
        """
        .local/share/uv/credentials/, .npmrc, .yarnrc, .yarnrc.yml, .config/pnpm/rc, .bunfig.toml, .pypirc,
        .config/pypoetry/auth.toml, .cargo/credentials, .cargo/credentials.toml, .gem/credentials,
        .local/share/gem/credentials, .bundle/config, .m2/settings.xml, .m2/settings-security.xml,
        .gradle/gradle.properties, .ivy2/.credentials, .sbt/.credentials, .composer/auth.json,
        .config/composer/auth.json, .nuget/NuGet/NuGet.Config, .hex/hex.config, .pub-cache/credentials.json,
        .config/dart/pub-credentials.json, .continuum/anaconda-client/tokens, .Renviron, .cpanm/credentials,
        .pause,
        """,
    ),
    _keeper(
        "agents and models",
        """
        .claude/, .codex/, .gemini/, .cursor/, .copilot/, .config/github-copilot/, .continue/, .codeium/,
        .config/goose/, .config/opencode/, .local/share/opencode/, .config/io.datasette.llm/, .config/trio-agent/,
        .huggingface/, .kaggle/, .config/wandb/, .qwen/, .claude.json, .aider.conf.yml, .ollama/id_ed25519,
        .cache/huggingface/token, .cache/huggingface/stored_tokens,
        """,
    ),
    _keeper(
        "browsers, mail, messages",
        """
        .mozilla/, .config/mozilla/, .thunderbird/, .librewolf/, .zen/, .waterfox/, .config/google-chrome/,
        .config/google-chrome-beta/, .config/google-chrome-unstable/, .config/chromium/, .config/BraveSoftware/,
        .config/microsoft-edge/, .config/vivaldi/, .config/opera/, .cache/mozilla/, .cache/google-chrome/,
        .cache/chromium/, .var/app/, snap/firefox/, snap/chromium/, snap/brave/, snap/thunderbird/,
        .config/Signal/, .config/Slack/, .config/discord/, .config/Element/, .local/share/TelegramDesktop/,
        .local/share/evolution/, .config/evolution/, .mutt/, .config/mutt/, .config/neomutt/, .muttrc, .msmtprc,
        .mbsyncrc, .offlineimaprc, .fetchmailrc,
        """,
    ),
    _keeper(
        "what was typed",
        """
        .local/share/atuin/, .bash_history, .zsh_history, .zhistory, .local/share/fish/fish_history,
        .python_history, .node_repl_history, .psql_history, .mysql_history, .sqlite_history, .rediscli_history,
        """,
    ),
)

_NAMES = tuple(dict.fromkeys(name for keeper in KEEPERS for name in keeper.names))
CREDENTIAL_FOLDERS = tuple(name[:-1] for name in _NAMES if name.endswith("/"))
CREDENTIAL_FILES = tuple(name for name in _NAMES if not name.endswith("/"))
CREDENTIALS = (*CREDENTIAL_FOLDERS, *CREDENTIAL_FILES)
"""Below the home directory."""

HELD_FOLDERS = (
    *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".config/gh", ".config/gcloud", ".config/trio-agent"),
    ".local/share/keyrings",
)
HELD_FILES = (
    *(".netrc", ".npmrc", ".pypirc", ".git-credentials", ".cargo/credentials.toml", ".config/git/credentials"),
)
HELD = (*HELD_FOLDERS, *HELD_FILES)
"""The commonest of them, which are kept from being made in a home that is worked in itself: by empty ones, and a home with all
of them would be full of folders of programs that its user never had.
"""

_MOVED_BY = {".config": "XDG_CONFIG_HOME", ".local/share": "XDG_DATA_HOME", ".cache": "XDG_CACHE_HOME"}
_MOVED_BY |= {".cargo": "CARGO_HOME", ".gnupg": "GNUPGHOME", ".docker": "DOCKER_CONFIG", ".codex": "CODEX_HOME"}
_MOVED_BY |= {".claude": "CLAUDE_CONFIG_DIR", ".gradle": "GRADLE_USER_HOME", ".password-store": "PASSWORD_STORE_DIR"}
_NAMED_BY = (
    "AWS_SHARED_CREDENTIALS_FILE",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "NETRC",
    "NPM_CONFIG_USERCONFIG",
    "PGPASSFILE",
)
"""Variables by which a user keeps a folder of the list, or one file, somewhere else."""


def credential_places(home: Path, environment: Mapping[str, str]) -> list[Path]:
    """CREDENTIALS below `home`, and where `environment` says that they are instead. They need not exist."""
    places = [home / name for name in CREDENTIALS]
    moved: list[Path] = []
    for folder, variable in _MOVED_BY.items():
        below = [Path(name).relative_to(folder) for name in CREDENTIALS if Path(name).is_relative_to(folder)]
        moved += [Path(environment.get(variable, "")) / name for name in below]
    moved += [Path(environment.get(name, "")) for name in _NAMED_BY]
    moved += [Path(each) for each in environment.get("KUBECONFIG", "").split(":")]
    # `KUBECONFIG=/dev/null` is common, and a device needs no mask. Nor does what everything lies in: it would hide all.
    places += [each for each in moved if each.is_absolute() and not each.is_relative_to("/dev")]
    return [each for each in dict.fromkeys(places) if not home.is_relative_to(each)]


BLANKS = {".json": b"{}\n", "settings.xml": b"<settings/>\n", "NuGet.Config": b"<configuration/>\n"}
BLANKS["settings-security.xml"] = b"<settingsSecurity/>\n"
"""As little as a program takes that refuses an empty file, by how the file's name ends."""


def blank(name: str) -> bytes:
    """What stands in the place of a hidden file of this name: mostly nothing."""
    return next((content for end, content in BLANKS.items() if name.endswith(end)), b"")
