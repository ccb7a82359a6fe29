"""The declarations service without anything real: verification, the register, the loops."""
