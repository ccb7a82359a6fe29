"""What stands between this machine and a receipt: each check says ok, a warning, or what to do.

`checks` holds the checks, `reaching` how a service is reached and why it is not. Nothing here
mends anything, and no check changes what it looks at.
"""
