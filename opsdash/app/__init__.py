"""The terminal program's shell: the App, help, key hints."""
