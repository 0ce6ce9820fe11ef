"""HTTP: the app, the event stream, the guard before both, and the server process."""
