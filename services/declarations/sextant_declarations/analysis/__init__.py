"""What the Secretariat makes of declarations: pairs, obligations, differences to explain.

Pure methods over facts that were taken out of effective declarations; each gives its result with
the places it stands on and the version of the method. Knows no store, no clock, no framework, and
nobody's rights: who may see a result is decided where it is asked for.
"""
