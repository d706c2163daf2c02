"""How much memory a process holds."""

import resource
import sys
from collections.abc import Mapping
from pathlib import Path


def resident_megabytes() -> float:
    """What the process holds now where Linux tells it, else the most it ever held."""
    status = Path("/proc/self/status")
    if status.exists():
        fields: Mapping[str, str] = dict(
            line.split(":", 1) for line in status.read_text("utf-8").splitlines() if ":" in line
        )
        return int(fields["VmRSS"].split()[0]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)
