"""The repository itself: layout, links, versions, freshness of generated files."""
