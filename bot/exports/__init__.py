"""Documents that leave or enter Repo Radar, one file a format."""
