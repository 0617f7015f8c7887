"""The `openbioner-batch` command: finds a subcommand, and turns a user's mistake into one line and an exit code."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import click

import openbioner_batch.cli
from openbioner_batch.console import make_streams_lenient
from openbioner_batch.engine.logs import log_event, wants_json
from openbioner_batch.engine.stopping import stop_on_signals, stopping
from openbioner_batch.errors import OpenBioNERError


class LazyGroup(click.Group):
    """Subcommands are the modules beside this one, imported on first use; each has a `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the modules in the room, without importing them."""
        names = (module.name for module in pkgutil.iter_modules(openbioner_batch.cli.__path__))
        return sorted(name.replace("_", "-") for name in names if name != "main" and not name.startswith("_"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of a module, which is imported now; None where there is no such module."""
        if name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"openbioner_batch.cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def main(self, *args: Any, **more: Any) -> Any:
        """Like click's; a signal ends the program in order, with its own exit code."""
        make_streams_lenient()
        with stop_on_signals() as stop:
            try:
                return super().main(*args, **more)
            except SystemExit:
                if stop.number is None:
                    raise
                raise SystemExit(stop.finish()) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that the user can repair becomes one line and an exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(stopping().finish())
        except Exception as error:
            if stopping().number is not None:  # the failure is a consequence of the signal
                ctx.exit(stopping().finish())
            if not isinstance(error, OpenBioNERError):
                raise
            if wants_json():
                log_event("error", message=str(error), exit_code=error.exit_code)
            else:
                click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_code)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="openbioner-batch", prog_name="openbioner-batch")
def main() -> None:
    """Tag entity types that you describe in a sentence, in archives of biomedical and clinical text.

    Types unlike those that the model was trained on are found less well: look at a sample first.
    """


if __name__ == "__main__":
    main()
