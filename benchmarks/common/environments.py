"""Virtual environments of their own for tools that are compared with."""

from __future__ import annotations

import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

from openbioner_batch.errors import OpenBioNERError


def python_with(packages: Sequence[str], folder: Path) -> Path:
    """The interpreter of an environment with these packages, made in `folder` on first use.

    Raises:
        OpenBioNERError: the packages cannot be installed; carries pip's last line.
    """
    python, stamp = folder / "bin" / "python", folder / "packages.txt"
    wanted = "\n".join(packages) + "\n"
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    venv.create(folder, with_pip=True)
    done = subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], capture_output=True, text=True)
    if done.returncode:
        raise OpenBioNERError(f"{folder.name} cannot be installed: {(done.stderr.strip() or '?').splitlines()[-1]}")
    stamp.write_text(wanted)
    return python
