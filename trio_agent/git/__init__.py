"""The repository, through the git command, hardened: nothing that a repository names is ever run."""
