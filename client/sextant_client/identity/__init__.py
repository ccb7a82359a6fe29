"""Identity for years: next keys, removal, root loss, upkeep, rehearsal, and the watch over it."""
