"""Hosts over plain SSH: resolve, connect, host keys, pulse, bundle, execute."""
