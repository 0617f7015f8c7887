"""The pages of the repository in Markdown: their blocks of code, and their commands, found and run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

from click.testing import CliRunner

from openbioner_batch.cli.main import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/*.md"), *ROOT.glob("openbioner_batch/**/*.md")})
README = "\n".join(page.read_text("utf-8") for page in PAGES)
SAMPLE = ROOT / "openbioner_batch" / "data" / "sample_pubmed.xml"


def blocks(language: str) -> list[str]:
    """Each once, though the main README may repeat one of a room's."""
    return list(dict.fromkeys(re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)))


def commands() -> list[str]:
    """The command lines of all pages, each once, without comments."""
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").splitlines()
    found = (re.sub(r"(^|\s\s+)#.*", "", line).strip() for line in lines)
    return list(dict.fromkeys(line for line in found if line))


def command(beginning: str) -> str:
    """The one command line of the pages that is this, or else that begins so."""
    found = [line for line in commands() if line.startswith(beginning)]
    if beginning in found:
        return beginning
    assert len(found) == 1, f"{len(found)} commands begin with {beginning!r}"
    return found[0]


def shell(line: str, folder: Path) -> str:
    """What a line of a README prints: in this process where it is a command alone, since starting one takes seconds."""
    program, *arguments = shlex.split(line)
    if program == "openbioner-batch" and not set(line) & set("|<>$;*&"):
        with chdir(folder):
            result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
        return result.stdout
    # The console script need not be installed where the tests run.
    python = shlex.quote(sys.executable)
    line = re.sub(r"(^|&& )python ", rf"\g<1>{python} ", line)
    done = subprocess.run(
        line.replace("openbioner-batch", f"{python} -m openbioner_batch.cli.main", 1),
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=400,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
