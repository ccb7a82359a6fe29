"""The detail behind entries, kept where it can be destroyed, and what a service notes of itself.

`keys` holds the keys of details in a file of its own, `store` their ciphertext in the room's
database, `notes` the entries a service owes about itself, `shredding` destroys a detail by order.
"""
