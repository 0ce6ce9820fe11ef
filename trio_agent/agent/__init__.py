"""The coding agent: its turn, its toolbox, its instructions."""
