"""Opens, checks and registers declarations inside the Secretariat."""

__version__ = "0.1.0"
