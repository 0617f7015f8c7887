"""Prints strict scores as tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from openbioner_batch.console import plain_console
from openbioner_batch.model.location import NO_GLOSSARY

_MEASURES = ("precision", "recall", "f1")
_HEADS = ("precision", "recall", "F1", "95 %")


def corpora_table(result: Mapping[str, Any]) -> Table:
    """A row of micro scores for each corpus of `evaluate`'s result, then their average, in percent.

    F1 carries its 95 % interval.
    """
    table = _table("corpus", "figures", *_HEADS, "macro F1", "gold", "predicted", "correct")
    for name, entry in result["corpora"].items():
        micro = entry["micro"]
        macro = f"{100 * entry['macro']['f1']:.1f}"
        numbers = [str(micro[key]) for key in ("gold", "predicted", "correct")]
        table.add_row(name, entry["kind"], *_percents(micro), _interval(micro), macro, *numbers)
    if len(result["corpora"]) > 1:
        mean = result["average"]
        table.add_section()
        table.add_row("average", "", *_percents(mean), _interval(mean), style="bold")
    return table


def types_table(entry: Mapping[str, Any]) -> Table:
    """A row for each type of one corpus of `evaluate`'s result, then micro and macro averages, in percent."""
    table = _table("type", *_HEADS, "gold", "predicted", "correct")
    for name, values in [*entry["per_type"].items(), ("micro", entry["micro"])]:
        numbers = [str(values[key]) for key in ("gold", "predicted", "correct")]
        table.add_row(name, *_percents(values), _interval(values), *numbers, style="bold" if name == "micro" else "")
    table.add_row("macro", *_percents(entry["macro"]), _interval(entry["macro"]))
    return table


def ablation_table(result: Mapping[str, Any]) -> Table:
    """A row for each way of describing the types, a column of micro F1 for each corpus, in percent."""
    names = list(result["corpora"])
    table = _table("description", *names, "average", "95 %")
    for view, mean in result["average"].items():
        columns = [f"{100 * result['corpora'][name]['views'][view]['f1']:.1f}" for name in names]
        table.add_row(view, *columns, f"{100 * mean['f1']:.1f}", _interval(mean))
    return table


def notes(result: Mapping[str, Any]) -> list[str]:
    """Notes for the reader of the table: what was left out or shared, or is not independent."""
    found: list[str] = []
    if fitted_on := result.get("calibrated"):
        found.append("calibrated" if fitted_on is True else f"calibrated on {fitted_on}")
    if (least := result.get("threshold")) is not None:
        found.append(f"spans with a score of {least} and more")
    if glossary := result.get("glossary"):
        found.append("no glossary" if glossary == NO_GLOSSARY else "the user's glossary beside the model's own")
    for name, entry in result["corpora"].items():
        if count := entry.get("discontinuous_left_out"):
            found.append(f"{name}: {count} discontinuous gold mentions left out")
        if derived := entry.get("derived_types"):
            found.append(
                f"{name}: the model learned {', '.join(derived)} from labels that rules derive, not from people's"
            )
        if sharing := entry.get("training_corpora_sharing_articles"):
            found.append(
                f"{name}: the model was trained on {', '.join(sharing)}, which holds articles of it; "
                "compare with --overlap-with"
            )
        if overlap := entry.get("overlap"):
            found.append(_overlap_note(name, entry, overlap))
    return found


def _overlap_note(name: str, entry: Mapping[str, Any], overlap: Mapping[str, Any]) -> str:
    unit = entry["resampled"]
    by_id = f", {overlap['texts_shared_by_id']} by id" if overlap["ids_compared"] else ""
    parts = [
        f"F1 {words} {100 * overlap[key]['f1']:.1f}"
        for key, words in (("without_overlap", "without them"), ("with_overlap", "on them alone"))
        if overlap[key]
    ]
    shared = f"{overlap[f'{unit}_shared']} of {entry['units']} {unit} stand in the training data"
    return f"{name}: {shared} ({overlap['texts_shared_by_sentence']} by sentence{by_id}); {', '.join(parts)}"


def zero_shot_table(result: Mapping[str, Any]) -> Table:
    """For each corpus of `evaluate --zero-shot`, unseen types and seen ones: strict and by overlap, in percent.

    A row for each average, so that a line is no wider than those of `corpora_table`.
    """
    table = _table("corpus", "figures", "types", "scores", *_HEADS, "gold")
    for name, entry in result["corpora"].items():
        for part in ("unseen", "seen"):
            place = [name, f"{part} types", str(entry[part]["types"])]
            if entry[part]["strict"] is None:
                table.add_row(*place)
                continue
            for measure in ("strict", "overlap"):
                for average, values in _averages(entry[part][measure]):
                    types, gold = (str(values.get(key, "")) for key in ("types", "gold"))
                    first = place if (measure, average) == ("strict", "micro") else ["", "", types]
                    table.add_row(*first, f"{measure} {average}", *_percents(values), _interval(values), gold)
    return table


def _averages(scores: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "micro", scores["micro"]
    yield "macro", scores["macro"]
    if frequent := scores["macro_frequent"]:
        yield f"macro, {frequent['least_gold']}+", frequent


def _zero_shot_notes(result: Mapping[str, Any]) -> list[str]:
    trained = result["trained_types"]
    known = "" if trained["mentions known"] else "; their mentions are unknown, so names and descriptions alone decide"
    found = [
        f"seen: near one of the {trained['number']:,} types of training ({trained['from']}{known})",
        "overlap: a shared character is enough; macro, N+: of types with N gold mentions or more",
    ]
    for name, entry in result["corpora"].items():
        if entry["kind"] == "in-corpus":
            found.append(f"{name}: in-corpus, the model was trained on it")
        if left_out := entry["undescribed_types_left_out"]:
            found.append(f"{name}: {len(left_out)} types without a description are left out")
    return [*found, *notes(result)]


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(first)
    for title in others:
        table.add_column(title, justify="left" if title in ("figures", "scores") else "right")
    return table


def _percents(values: Mapping[str, float]) -> list[str]:
    return [f"{100 * values[name]:.1f}" for name in _MEASURES]


def _percent(values: Mapping[str, Any]) -> str:
    return f"{100 * values['f1']:.1f}"


def _interval(values: Mapping[str, Any]) -> str:
    low, high = values["f1_interval"]
    return f"{100 * low:.1f}-{100 * high:.1f}"


def print_result(result: Mapping[str, Any]) -> None:
    """Print the results of `evaluate` or `ablate` as tables, with notes below."""
    console = _console()
    if "trained_types" in result:
        console.print(zero_shot_table(result))
        for note in _zero_shot_notes(result):
            console.print(note, soft_wrap=True)
        return
    if "views" in result:
        console.print(ablation_table(result))
    elif len(result["corpora"]) == 1:
        ((name, entry),) = result["corpora"].items()
        console.print(f"{name}, {entry['kind']}: {entry['units']} {entry['resampled']}, strict by {entry['level']}")
        console.print(types_table(entry))
    else:
        console.print(corpora_table(result))
    for note in notes(result):
        console.print(note, soft_wrap=True)


def print_calibration(result: Mapping[str, Any]) -> None:
    """Print what `calibrate` fitted, and micro F1 before and after it."""
    parts = [part for part in ("devel", "test") if part in result["average"]]
    table = _table("corpus", *(f"{part} {when}" for part in parts for when in ("before", "after")))
    for name, entry in [*result["corpora"].items(), ("average", result["average"])]:
        values = [f"{100 * entry[part][when]:.1f}" for part in parts for when in ("before", "after")]
        table.add_row(name, *values)
    console = _console()
    console.print(table)
    fitted = result["calibration"]
    console.print("mean F1 on the half of devel that was not fitted on:", soft_wrap=True)
    for stage, f1 in result["held_out_by_stage"].items():
        console.print(f"  {100 * f1:.1f} {stage}{' (chosen)' if stage == result['stage'] else ''}", soft_wrap=True)
    console.print(f"NEG bias {fitted['neg_bias']:+.2f}, threshold {fitted.get('threshold', 0):.2f}", soft_wrap=True)
    for title, key in (("biases", "type_biases"), ("thresholds", "type_thresholds")):
        of_types = ", ".join(f"{name} {value:+.2f}" for name, value in fitted[key].items())
        console.print(f"{title} of types: {of_types or 'none'}", soft_wrap=True)


def print_adaptation(result: Mapping[str, Any]) -> None:
    """Print the variants that `adapt` tried, with their scores on held-out folds, and each of several types."""
    table = _table("on held-out folds", "precision", "recall", "F1", "95 %")
    for way, found in result["held out"].items():
        name = f"{way} (chosen)" if way == result["way"] else way
        table.add_row(name, *_percents(found), _interval(found))
    console = _console()
    console.print(table)
    if len(result["types"]) > 1:
        console.print(_before_and_after(result))
    before, after = (f"{_percent(found)} ({_interval(found)})" for found in (result["before"], result["after"]))
    console.print(f"{result['output']}: F1 {before} before, {after} after", soft_wrap=True)


def _before_and_after(result: Mapping[str, Any]) -> Table:
    """A row for each type that `adapt` was given; dashes where it is neither in the texts nor found."""
    table = _table("type", "F1 before", "95 %", "F1 after", "95 %", "gold")
    for name in result["types"]:
        both = [result[when]["per_type"].get(name) for when in ("before", "after")]
        values = [(_percent(found), _interval(found)) if found else ("-", "-") for found in both]
        gold = max(found["gold"] if found else 0 for found in both)
        table.add_row(name, *values[0], *values[1], str(gold))
    return table


def _console() -> Console:
    """The console, as wide as the tables where the output is a file or a pipe, so that nothing is cut."""
    return plain_console(width=None if sys.stdout.isatty() else 160)
