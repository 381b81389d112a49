"""Own probes from here, and what both ways of probing need to understand an answer."""
