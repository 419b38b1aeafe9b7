"""Figures to reach, each beside a peer measured in the same run; never a timed test."""
