"""What the Secretariat decides about an envelope, and what it then owes to others.

Verification, opening, registration and answers as plain functions and small use cases; what they
need from outside stands in `ports`. Knows no framework, no row, no status code.
"""
