"""The launcher's own arithmetic, without a process."""
