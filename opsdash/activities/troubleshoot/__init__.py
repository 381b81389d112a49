"""Troubleshoot: what does it look like on the host, and what do I do about it?"""
