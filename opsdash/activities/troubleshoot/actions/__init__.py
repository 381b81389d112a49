"""What can be done about it: one file for each kind of thing that it is done to."""
