"""How much memory a process holds."""

import subprocess
from pathlib import Path


def resident_mb(pid: int) -> float:
    """Its resident set in MB (10^6 bytes), from Linux itself or else from `ps`."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        lines = status.read_text().splitlines()
        kilobytes = next(line.split()[1] for line in lines if line.startswith("VmRSS:"))
    else:
        asked = ["ps", "-o", "rss=", "-p", str(pid)]
        kilobytes = subprocess.run(asked, capture_output=True, check=True, text=True).stdout  # noqa: S603
    return int(kilobytes) * 1_024 / 1_000_000
