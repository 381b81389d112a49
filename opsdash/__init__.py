"""opsdash: k9s for plain Linux hosts. A whole fleet over plain SSH, in one terminal."""

__version__ = "0.1.0"
