"""The work every peer does: the same order as our digest's."""

RANKED = ("stars", "forks", "watchers", "open_issues", "open_prs")
"""Of these the largest gain leads."""
PREVIOUS = 1
"""Days ago: what a digest compares today with."""
