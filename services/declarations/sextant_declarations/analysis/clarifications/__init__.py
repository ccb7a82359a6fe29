"""Clarifications: what a State is asked, in its language, until when, and how that is extended.

`policy` says what extensions rest on and which language a State is written to; `wording` words
questions and letters. Days for an answer are those of the life of declarations (`lifecycle`).
"""
