"""The whole story on a generated portfolio: no tokens, no network, the real flows."""
