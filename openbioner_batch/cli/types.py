"""`openbioner-batch types`: what can be tagged."""

from __future__ import annotations

import shutil
from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, PrintSettings, options


@click.command("types", cls=GroupedCommand)
@click.argument("selection", nargs=-1)
@options(PrintSettings, config=False)
def command(selection: tuple[str, ...], **flags: Any) -> None:
    """List the entity types of the catalog, or show some in full.

    SELECTION is what `annotate --types` takes: names or aliases (disease), names in one set (phi.date), sets
    (biomedical), groups of a set (biomedical.core) or YAML files (my_types.yaml), separated by commas or spaces.
    """
    from openbioner_batch.catalog import find_types, listing, load_catalog

    catalog = load_catalog()
    # wide enough to read in a pipe; a terminal's own width otherwise
    width = max(60, shutil.get_terminal_size((140, 24)).columns)
    if selection:
        types = find_types(",".join(selection))
        click.echo(listing.as_json(types) if flags["json"] else listing.details(types, width))
    elif flags["json"]:
        click.echo(listing.as_json([type for one in catalog.sets for type in one.types]))
    else:
        click.echo(listing.table(catalog, width))
        click.echo(
            "\nTypes of one group compete for a span. `openbioner-batch types NAME` shows a type or set in full."
        )
