"""Programs that act on other machines or on this whole one, and the words by which they do, or by which they only look."""

from __future__ import annotations

NETWORK = frozenset(
    {
        *("curl", "wget", "ssh", "scp", "sftp", "rsync", "nc", "ncat", "netcat", "telnet", "ftp", "socat", "aria2c"),
        *("lftp", "mosh"),
    }
)
COPIES = frozenset({"scp", "rsync"})
MAILERS = frozenset({"mail", "mailx", "sendmail", "msmtp", "mutt", "swaks", "dput", "dupload"})
PIPES = frozenset({"nc", "ncat", "netcat", "telnet"})
"""They send what they are given."""

DATABASES = frozenset(
    {
        *(
            "psql",
            "pg_restore",
            "createdb",
            "dropdb",
            "mysql",
            "mysqladmin",
            "mariadb",
            "redis-cli",
            "mongosh",
            "mongo",
        ),
        *("mongorestore", "mongoimport", "clickhouse-client", "cqlsh", "sqlcmd"),
    }
)

_REGISTRY = ("publish", "unpublish", "deprecate", "dist-tag")

PUBLISHERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun", "vsce", "ovsx", "lerna", "changeset", "nx"), _REGISTRY),
    **dict.fromkeys(("cargo", "gem"), ("publish", "push", "yank")),
    **dict.fromkeys(("poetry", "uv", "flit", "hatch", "pdm", "rye", "maturin", "dart", "flutter", "sbt"), ("publish",)),
    **dict.fromkeys(("gradle", "gradlew"), ("publish", "publishPlugins", "publishToMavenCentral", "uploadArchives")),
    **dict.fromkeys(("docker", "podman", "nerdctl", "buildah", "oras"), ("push", "--push")),
    **dict.fromkeys(("skopeo", "crane"), ("push", "copy", "cp", "sync", "delete", "append", "tag")),
    **dict.fromkeys(("hg", "bzr", "fossil", "jj", "darcs", "sl", "dvc", "pod", "dotnet", "nuget"), ("push", "sync")),
    **dict.fromkeys(("svn", "cvs"), ("commit", "ci", "import")),
    **dict.fromkeys(("twine", "cabal", "stack", "luarocks", "anaconda", "hf", "huggingface-cli", "repo"), ("upload",)),
    **dict.fromkeys(("supabase", "prisma", "clasp"), ("push", "deploy")),
    **dict.fromkeys(("cap", "kamal", "mvn", "copilot", "skaffold"), ("deploy", "run")),
    "mix": ("hex.publish",),
    "goreleaser": ("release",),
    "snapcraft": ("upload", "push", "release"),
    "p4": ("submit",),
    "arc": ("diff", "land"),
    "argocd": ("sync", "create", "delete", "set"),
}
"""And the words by which they publish or deploy."""

_NOTHING = r"(?!)"
_OF_CLOUDS = (
    r"(?:[a-z][\w-]* ){0,5}(?!get-credentials)(?:ls|list|get|show|describe|info|status|version|help|whoami|search)"
    r"(?:-[a-z-]+)?"
)

LOOKS: dict[str, str] = {
    **dict.fromkeys(("gh", "glab", "hub", "ssh", "sftp", "lftp", "ftp", "mosh"), _NOTHING),
    **dict.fromkeys(("ansible", "ansible-playbook", "ansible-pull"), _NOTHING),
    **dict.fromkeys(("semantic-release", "release-it", "np", "crontab"), _NOTHING),
    **dict.fromkeys(
        (
            "gcloud",
            "az",
            "doctl",
            "oci",
            "ibmcloud",
            "linode-cli",
            "hcloud",
            "scw",
            "aliyun",
            "openstack",
            "eksctl",
            "civo",
        ),
        _OF_CLOUDS,
    ),
    "aws": r"help|configure (?:list|get)|[\w-]+ (?:ls|help|wait|(?:list|get|describe|head|lookup|search)(?:-[\w-]+)?)",
    **dict.fromkeys(
        ("kubectl", "oc", "k9s"),
        r"get|describe|logs?|explain|top|version|help|diff|events|wait|options|completion|kustomize|cluster-info|whoami"
        r"|status|api-(?:resources|versions)|auth can-i|rollout (?:status|history)|config (?:view|current-context|get-[a-z]+)",
    ),
    "helm": r"list|ls|status|get|history|show|search|template|lint|version|env|dep|dependency|create|pull|verify|help"
    r"|completion|package|repo|plugin list",
    **dict.fromkeys(
        ("terraform", "tofu", "terragrunt"),
        r"init|validate|fmt|plan|show|output|version|providers|graph|get|help|state (?:list|show|pull)"
        r"|workspace (?:list|show|select)",
    ),
    "pulumi": r"preview|version|about|whoami|logs|help|new|config(?: get)?\Z|stack (?:ls|output|history|graph)",
    **dict.fromkeys(
        ("vercel", "now"),
        r"ls|list|inspect|logs?|whoami|dev|build|help|init|link|pull|(?:env|domains|teams|projects?) ls",
    ),
    **dict.fromkeys(
        ("netlify", "ntl"),
        r"status|dev|build|serve|help|open|watch|(?:sites|env|functions):(?:list|get|serve)|logs:\w+",
    ),
    **dict.fromkeys(
        ("fly", "flyctl"),
        r"(?:[a-z-]+ )?(?:list|ls|show|info|status)|logs|version|help|doctor|auth whoami|config validate",
    ),
    "heroku": r"logs|ps|status|help|version|local|(?:apps|config|addons|releases|domains|auth|pg)(?::(?:info|get|whoami))?",
    "railway": r"status|logs|list|whoami|run|shell|variables|open|version|help",
    "firebase": r"serve|help|init|emulators:\w+|(?:[\w-]+:)list",
    "wrangler": r"dev|init|types|whoami|tail|check|docs|pages dev|(?:[\w-]+ )*list",
    "surge": r"list|whoami|help",
    "eas": r"whoami|config|diagnostics|help|\w+:(?:list|view)",
    "cdk": r"synth|synthesize|diff|ls|list|doctor|init|version|context|docs|metadata|notices",
    "sam": r"build|validate|local|init|logs|list",
    **dict.fromkeys(("serverless", "sls"), r"package|print|info|logs|offline|create|help|invoke local"),
    "eb": r"status|list|logs|health|events|printenv|init",
    "gsutil": r"ls|cat|du|stat|version|help|hash",
    "s3cmd": r"ls|la|du|info",
    "bq": r"ls|show|head|version|help",
    "azcopy": r"list|env|jobs list",
    "rclone": r"ls\w*|cat|size|check|about|listremotes|version|help|tree|md5sum|config show",
}
"""They act on servers, but with these words, a pattern for the beginning of those that are no options, only look."""

BARE = frozenset({"vercel", "now", "surge", "semantic-release", "release-it", "np"})
"""They deploy where they are told nothing."""

TAKES = frozenset(
    {
        *("-n", "--namespace", "--context", "--kubeconfig", "--cluster", "--user", "-s", "--server", "--profile"),
        *("--region", "-o", "--output", "--endpoint-url", "--project", "--account", "-a", "--app", "-t", "--token"),
        *("--subscription", "-g", "--resource-group", "--cwd", "--scope", "-S", "-c", "--config", "--zone"),
    }
)
"""Options with a value that may stand before those words."""

ONLY_TRIES = frozenset(
    {
        *("--help", "--dry-run", "--dry-run=client", "--dry-run=server", "--dryrun"),
        *("--check", "--syntax-check", "--list-hosts", "--list-tasks", "--list-tags"),
    }
)

_PACKAGES = (
    "install",
    "remove",
    "purge",
    "upgrade",
    "dist-upgrade",
    "full-upgrade",
    "autoremove",
    "reinstall",
    "uninstall",
)

OF_MACHINE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("apt", "apt-get", "aptitude", "dnf", "yum", "zypper", "brew", "snap", "flatpak"), _PACKAGES),
    **dict.fromkeys(("dpkg", "rpm"), ("-i", "-r", "-P", "-U", "-e", "--install", "--remove", "--purge")),
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun"), ("-g", "--global")),
    "apk": ("add", "del", "upgrade"),
    "systemctl": (
        "start",
        "stop",
        "restart",
        "reload",
        "enable",
        "disable",
        "mask",
        "unmask",
        "kill",
        "reboot",
        "poweroff",
    ),
    "service": ("start", "stop", "restart", "reload"),
}
"""And the words by which they change the machine."""
