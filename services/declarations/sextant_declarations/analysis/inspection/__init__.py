"""The life of an inspection as a table: states, steps, what each sends, and hours of notice.

Clocks of the answers between Secretariat and State are those of the messages (`protocol.owing`).
"""
