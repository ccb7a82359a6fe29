"""Pictures of results as SVG, each with its figures as text: for eyes and for screen readers."""
