"""The whole platform on one machine: three services as separate processes on loopback.

Responsible for `make demo`, `make run` and the processes that the crash tests stop. Not a
production launcher: keys are fresh, registrars are one of one, and everything lives in one folder.
"""
