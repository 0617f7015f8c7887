"""Options of commands, made from the fields of their settings, and settings made from what the user wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass
from typing import Any, TypeVar

import click

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import rewritable_formats
from openbioner_batch.formats.registry import COMPRESSIONS, FORMATS, GOLD_SUFFIXES
from openbioner_batch.options import (
    Option,
    fields_of,
    flag,
    group_of,
    option,
    option_of,
    renamed,
    shown_default,
    type_as_written,
)
from openbioner_batch.settings import Settings, build, check_keys, read_options_file

_METAVARS = {"int": "N", "float": "X"}
_Command = TypeVar("_Command", bound=Callable[..., Any])
CONFIG_HELP = "YAML file with these options as keys; options given here win."


@dataclass(frozen=True)
class PrintSettings:
    """The form of output."""

    json: bool = option(False, help="Print JSON instead of text.")


class GroupedCommand(click.Command):
    """A command whose help lists the options of each group under the group's docstring."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options under the headings of their groups."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx)):
                groups.setdefault(getattr(parameter, "group", "Options"), []).append(record)
        for title, records in groups.items():
            with formatter.section(title):
                formatter.write_dl(records)


class CommandOnFormats(GroupedCommand):
    """A command whose help ends with the formats that it reads, from the registry."""

    title = "Formats"
    archives = "; members of .zip"
    """What the command reads beside packed files."""

    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """The formats that it reads, each with the suffixes that stand for it."""
        return {name: found.suffixes for name, found in FORMATS.items()}

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """End the help with the formats of inputs, as they are registered."""
        listed = self.suffixes()
        compressed = ", ".join(name for name in listed if FORMATS[name].compressed)
        packed = f"{f'all but {compressed} ' if compressed else ''}also packed: {', '.join(COMPRESSIONS)}"
        with formatter.section(f"{self.title} ({packed}{self.archives})"):
            formatter.write_dl(
                [
                    (name, f"{FORMATS[name].document}; {', '.join(suffixes) or 'say --format'}")
                    for name, suffixes in listed.items()
                ]
            )


class CommandOnRewritableFormats(CommandOnFormats):
    """A command whose help ends with the formats in which records can be written back."""

    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        return {name: FORMATS[name].suffixes for name in rewritable_formats()}


class CommandOnCorpora(CommandOnFormats):
    """A command whose help ends with the formats of corpora with gold spans."""

    title = "Formats of a corpus"
    archives = ""

    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        return {name: ("a folder",) if FORMATS[name].paired else suffixes for name, suffixes in GOLD_SUFFIXES.items()}


def options(*kinds: type, config: bool = True, without: tuple[str, ...] = ()) -> Callable[[_Command], _Command]:
    """A decorator that gives a command an option for each field that is one, and --config.

    Args:
        kinds: settings classes; of fields with one name the first one's counts.
        config: whether a YAML file may hold the values too.
        without: fields that the command sets itself.
    """
    made: dict[str, list[click.Parameter]] = {}
    for kind in kinds:
        for name, one in fields_of(kind).items():
            declared = option_of(one)
            if declared is not None and name not in {*made, *without}:
                made[name] = _parameters(kind, one, declared)
    parameters = [parameter for found in made.values() for parameter in found]
    if config:
        parameters.append(_Option(["--config"], metavar="FILE", help=CONFIG_HELP))

    def decorate(command: _Command) -> _Command:
        # click keeps the parameters from decorators here, the last one first
        command.__click_params__ = [*getattr(command, "__click_params__", []), *reversed(parameters)]  # type: ignore[attr-defined]
        return command

    return decorate


def values_of(flags: Mapping[str, Any], *kinds: type) -> dict[str, Any]:
    """The values of a configuration file and flags; flags win.

    Raises:
        UsageError: the file cannot be read, or has a key that is not a field of the settings.
    """
    config = read_options_file(path) if (path := flags.get("config")) else {}
    given = {name: value for name, value in flags.items() if name != "config" and value is not None}
    check_keys({**given, **config}, kinds)
    empty = {name: value for name, value in given.items() if value == ()}
    return {**empty, **config, **{name: value for name, value in given.items() if value != ()}}


def settings_of(kind: type[Settings], flags: Mapping[str, Any]) -> Settings:
    """The settings that a command's flags, and its --config, mean.

    Raises:
        UsageError: a setting is wrong, or a required one is missing.
    """
    return build(kind, values_of(flags, kind))


def part_of(kind: type[Settings], values: Mapping[str, Any]) -> Settings:
    """The settings of one class from values for several."""
    return build(kind, {name: value for name, value in values.items() if name in fields_of(kind)})


class _Option(click.Option):
    """An option with its group."""

    group = "Options"


def _parameters(kind: type, one: Field[Any], declared: Option) -> list[click.Parameter]:
    """The argument or option of a field, and hidden ones for its former names."""
    written, of = flag(one.name, declared), type_as_written(one)
    is_list, is_flag = of.startswith("tuple"), of == "bool"
    if not written.startswith("-"):
        metavar = written + "..." * is_list
        return [click.Argument([one.name], nargs=-1 if is_list else 1, required=False, metavar=metavar)]
    default = shown_default(one)
    more: dict[str, Any] = {"help": declared.help if default is None else f"{declared.help.rstrip('.')} [{default}]."}
    if is_flag:
        more |= {"is_flag": True, "flag_value": not one.default, "default": None, "type": bool}
    else:
        choices = f"[{'|'.join(declared.choices)}]" if declared.choices else _METAVARS.get(of)
        more |= {"metavar": declared.metavar or choices, "envvar": declared.variable}
    if is_list or declared.joined:
        more |= {"multiple": True, "callback": None if declared.repeated else _joined}
    found = _Option([written, one.name], **more)
    if (group := group_of(kind, one)) is not kind:
        found.group = getattr(group, "heading", found.group)
    return [found, *(_former(old, written, declared) for old in declared.was if "." not in old)]


def _former(name: str, now: str, declared: Option) -> click.Option:
    """The option of an earlier release, with a value or as a switch, which gives the present one."""
    old = flag(name)

    def refuse(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value is not None:
            switched_on = declared.values_were.get(True)
            raise UsageError(f"{old} is now called {now} {switched_on}" if switched_on else renamed(old, now, declared))

    return click.Option([old], is_flag=False, flag_value="", hidden=True, expose_value=False, callback=refuse)


def _joined(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> str | None:
    return ",".join(values) or None
