"""What a State owes beside what its client has sent, and the same as a calendar file.

When something is due is said by `sextant_shared.deadlines`; here it meets the home folder.
"""
