"""trio-agent: a coding agent and its live server, built on structured concurrency."""

__version__ = "0.1.0"
