"""Sessions at work: logs that are followed, turns that are run and cancelled. Trio, but no HTTP and no provider."""
