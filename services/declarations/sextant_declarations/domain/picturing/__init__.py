"""Pictures for officers: from what the register holds to the plain rows that are drawn.

Responsible for where the rows of each picture come from and for the access to declared content
that some of them need. Not responsible for drawing (`analysis.pictures`). Each picture has one
function here and one port, so that a better source of rows takes the place of another alone.
"""
