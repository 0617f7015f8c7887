"""The pages in Markdown lead somewhere, name what exists, and can be read in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import click
from markdown_it import MarkdownIt
from pages import PAGES, ROOT, blocks

from openbioner_batch.cli.main import main

WIDEST = 120


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE):
        assert f"\n{target}:" in makefile


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        prose = re.sub(r"(?ms)^```.*?^```", "", page.read_text("utf-8"))
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = (page.parent / path) if path else page
            assert file.exists(), f"{page.relative_to(ROOT)} links to {target}"
            if anchor:
                headings = re.findall(r"(?m)^#+ (.*)$", file.read_text("utf-8"))
                slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
                assert anchor in slugs, f"{page.relative_to(ROOT)} links to {target}"


def test_the_main_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 160


def test_every_room_has_a_page_that_the_architecture_links_to() -> None:
    package = ROOT / "openbioner_batch"
    rooms = sorted(room.name for room in package.iterdir() if (room / "__init__.py").is_file())
    assert [room for room in rooms if not (package / room / "README.md").is_file()] == []
    linked = re.findall(r"\]\((\w+)/README\.md\)", (package / "README.md").read_text("utf-8"))
    assert [room for room in rooms if room not in linked] == []


def test_the_architecture_names_every_file_and_folder_of_the_package() -> None:
    package = ROOT / "openbioner_batch"
    page = (package / "README.md").read_text("utf-8")
    (table,) = re.findall(r"(?s)## Rooms, lowest floor first\n(.*?)\n## ", page)
    there = [one.name for one in package.iterdir() if one.suffix == ".py" and not one.name.startswith("__")]
    there += [f"{one.name}/" for one in package.iterdir() if one.is_dir() and not one.name.startswith("__")]
    assert len(there) > 15
    assert [name for name in sorted(there) if f"`{name}`" not in table] == []


def test_the_files_that_contributors_are_sent_to_exist() -> None:
    package = ROOT / "openbioner_batch"
    named = re.findall(r"`((?:[\w.]+/)+(?:[\w.]+)?)`", (package / "CONTRIBUTING.md").read_text("utf-8"))
    paths = [path for path in named if "NAME" not in path]
    assert len(paths) > 5
    assert [path for path in paths if not ((ROOT / path).exists() or (package / path).exists())] == []


def test_the_newest_changes_are_those_of_this_version() -> None:
    import openbioner_batch

    page = (ROOT / "openbioner_batch" / "CHANGELOG.md").read_text("utf-8")
    (newest, *_) = re.findall(r"(?m)^## (\d\S*)", page)
    assert newest == openbioner_batch.__version__


def commands(group: click.Group) -> dict[str, click.Command]:
    """Each command and subcommand by its words."""
    found: dict[str, click.Command] = {}
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        below = commands(command) if isinstance(command, click.Group) else {"": command}
        found |= {f"{name} {words}".strip(): one for words, one in below.items()}
    return found


def test_every_command_with_more_options_than_json_takes_a_file_of_them() -> None:
    options = {
        name: {one.name for one in command.params if isinstance(one, click.Option)} - {"help", "json", "as_json"}
        for name, command in commands(main).items()
    }
    assert not [name for name, own in options.items() if own and "config" not in own]


def prose(page: str) -> Iterator[str]:
    """The lines of a page's paragraphs, items of lists and headings: no tables, no code."""
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    lines = page.splitlines()
    for before, token in pairwise(tokens):
        if token.type == "inline" and before.type in ("paragraph_open", "heading_open") and token.map:
            yield from lines[slice(*token.map)]


def test_prose_alone_is_measured() -> None:
    table, code = "| a | b |\n|---|---|\n| c | d |", "```sh\nmake demo\n```\n\n    indented\n"
    page = f"# Title\n\nSome words\non two lines.\n\n{table}\n\n- An item.\n\n{code}"
    assert list(prose(page)) == ["# Title", "Some words", "on two lines.", "- An item."]


def test_lines_of_prose_fit_a_terminal() -> None:
    """But for a single word, such as the address of a link, which cannot be broken."""
    long = [
        f"{page.relative_to(ROOT)}: {line}"
        for page in PAGES
        for line in prose(page.read_text("utf-8"))
        if len(line) > WIDEST and len(line.split()) > 2
    ]
    assert long == []
