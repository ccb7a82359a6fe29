"""Fuzzing: whatever bytes arrive, a reader answers with what they hold or with a refusal."""
