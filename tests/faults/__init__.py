"""Faults of machines, disks, clocks and networks against the platform under load: `make faults`."""
