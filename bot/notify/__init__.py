"""The edge that posts digests to Discord."""
