"""RFC 6962 arithmetic and the C2SP text forms around it: integers, hashes, strings.

Nothing here signs, verifies a signature, keeps state or knows a model.
"""
