"""The pure heart: words, rules and wire formats. No trio, no clock, no I/O; the standard library and msgspec only."""
