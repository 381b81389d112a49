"""Set up and configure: is the host as declared?"""
