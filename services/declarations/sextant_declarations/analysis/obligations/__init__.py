"""What each State owes and whether it came in time: completeness and timeliness.

`facts` takes out of a declaration what matters for it, `expecting` says what is owed and why,
`standing` says where each obligation stands, `statistics` counts them and protects small numbers,
`reminding` says which reminders are due and words them.
"""
