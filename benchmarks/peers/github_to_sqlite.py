"""github-to-sqlite, one `repos DATABASE -r owner/name …` for all of them.

It has no setting for another GitHub, so its requests are sent on to the address that is given.
"""

import json
import sys
import time
from pathlib import Path

import requests
from github_to_sqlite.cli import cli

GITHUB = "https://api.github.com"


def main(folder: Path, api_url: str, token: str, names: list[str]) -> None:
    redirect(api_url)
    auth = folder / "auth.json"
    auth.write_text(json.dumps({"github_personal_token": token}))
    wanted = [part for name in names for part in ("-r", name)]
    began = time.perf_counter()
    cli(["repos", str(folder / "github.db"), "-a", str(auth), *wanted], standalone_mode=False)
    print(json.dumps({"collect": [time.perf_counter() - began]}))


def redirect(api_url: str) -> None:
    really = requests.get

    def get(url: str, **options: object) -> requests.Response:
        return really(url.replace(GITHUB, api_url, 1), **options)

    requests.get = get


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
