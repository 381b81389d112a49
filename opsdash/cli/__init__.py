"""Arguments to front end. Textual is imported for the TUI only."""
