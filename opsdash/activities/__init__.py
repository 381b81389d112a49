"""The six activities of IT operations, one folder each."""
