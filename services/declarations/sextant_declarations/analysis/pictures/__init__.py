"""Pictures: a pure function from plain rows to an SVG and the table that says the same.

Responsible for drawing: colours that hold for colour-blind readers and on grey paper, a text
alternative, a table twin with every figure of the rows. Not responsible for where rows come from,
who may see them, nor for any judgement: a row says whether two figures agree, a picture shows it.
Coordinates are floats; the figures that are written are the Decimals of the rows.
"""
