"""The only place that reaches a machine or starts a process."""
