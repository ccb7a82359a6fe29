"""Cases of differences between what two States declare of the same flow. Pure, without a store.

`workflow` is the table of steps; `policy` what is practice or proposal; `opening` which pairs
become a case, how urgent it is, and which cases may be one; `disclosure` the one place that decides
who is shown what; `wording` the neutral text of a request; `prematch` the three answers of the
blind pre-match. A difference is something to explain; it accuses nobody.
"""
