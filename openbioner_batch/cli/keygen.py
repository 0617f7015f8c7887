"""`openbioner-batch keygen`: a key for surrogates, shifted dates and hashes."""

from __future__ import annotations

import click


@click.command("keygen")
@click.argument("path", type=click.Path(dir_okay=False))
def command(path: str) -> None:
    """Write a new random key to PATH, readable by you alone.

    The same key gives the same surrogates, date shifts and hashes in every run. Whoever has it can link them to their
    originals: keep it away from the output, and copy it to every machine of a run. An existing file is never
    overwritten.
    """
    from openbioner_batch.deid.keys import generate_key

    click.echo(f"wrote {generate_key(path)}")
