"""The app for any ASGI server, configured by the environment: `hypercorn --worker-class trio trio_agent.asgi:app`."""

from trio_agent.wiring import create_app

app = create_app()
