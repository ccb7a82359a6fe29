"""The air-gap path: sealed envelopes go out on a stick, receipts and sealed replies come back.

    offline home --export--> stick --deliver (courier, online)--> return file --accept--> home

* `indexes`, `stick`: the two files; read within bounds, written whole or not at all.
* `exporting`, `delivering`, `accepting`: the three acts; `bringing`, `telling`: what goes back.
* `recalling`, `saying`: what was signed about envelopes of ours, out, and its proof back.
* `offline`, `stories`: what a home without a network has in place of one.

The courier is trusted with nothing: it cannot open, alter or forge what it carries, only lose it.
"""
