"""`python -m trio_agent`."""

from trio_agent.cli import main

main()
