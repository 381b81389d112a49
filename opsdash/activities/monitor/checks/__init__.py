"""What can be wrong with a host that is being watched, one file per check."""
