"""Other programs' lists of hosts, read for their names: their files are never written."""
