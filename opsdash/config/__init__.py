"""The user's files (hosts.yaml, themes) turned into core types, with errors as file:line:col."""
