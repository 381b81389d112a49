"""Hosts by the system's own ssh program: Kerberos, FIDO keys, and whatever its config can do."""
