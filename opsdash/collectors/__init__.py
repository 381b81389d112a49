"""One file per source: what to read or run on a host, and a pure parse()."""
