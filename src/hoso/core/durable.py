"""What has to be on the disk before something else may rely on it."""

from __future__ import annotations

import os
from pathlib import Path


def settle(folder: Path) -> None:
    """What a folder lists is on the disk on return. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
