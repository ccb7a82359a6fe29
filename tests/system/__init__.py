"""The whole platform, through the SDK and the command."""
