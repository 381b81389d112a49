"""What outlives a run: when findings were first seen, and the last counters."""
