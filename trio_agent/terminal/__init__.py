"""A session in a terminal: what is said of it in words, the screen, the keyboard. It knows the client, not the server."""
