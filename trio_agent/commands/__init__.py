"""The commands of the command line, one a file; each is imported only when it is asked for."""
