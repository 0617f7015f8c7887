"""What the rules say of mentions: golden sentences, and what holds for any text."""

from __future__ import annotations

import pickle
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbioner_batch.assertion import Asserter, SectionFinder, load_headers, load_rules
from openbioner_batch.records import Assertion, Span

ASSERTER = Asserter(load_rules(), load_headers())
FINDER = SectionFinder(load_headers())


def said_of(marked: str, asserter: Asserter = ASSERTER) -> list[set[str]]:
    """The flags of each mention of a text in which mentions stand in [square brackets]."""
    text, spans = "", []
    for number, part in enumerate(part for piece in marked.split("[") for part in piece.split("]")):
        if number % 2:
            spans.append(Span(len(text), len(text) + len(part), "finding", 1.0, part))
        text += part
    return [set(one.words) for one in asserter.read(text, spans, FINDER.find(text))]


@pytest.mark.parametrize(
    ("marked", "flags"),
    [
        ("He has [fever].", [""]),
        ("No [fever], [chills] or [cough].", ["negated"] * 3),
        ("He denies [chest pain] but reports [nausea].", ["negated", ""]),
        ("[Fever] and [chills] were denied.", ["negated", "negated"]),
        ("No change in [vision].", [""]),
        ("No [change in vision].", ["negated"]),
        ("[No fever] today.", ["negated"]),
        ("The aspirate was not without [blast cells].", [""]),
        ("No increase in [pain] was seen.", [""]),
        ("No [effusion], and the [heart size] is normal.", ["negated", ""]),
        ("[Pulmonary embolism] cannot be excluded.", ["uncertain"]),
        ("[Pulmonary embolism] was excluded.", ["negated"]),
        ("CT to rule out [appendicitis].", ["uncertain"]),
        ("Possible [pneumonia].", ["uncertain"]),
        ("Return if you develop [fever] or [redness].", ["hypothetical", "hypothetical"]),
        ("If she has any [tingling], she should call; she has a [rash].", ["hypothetical", ""]),
        ("History of [stroke], now with [weakness].", ["historical", ""]),
        ("He presents with a two-day history of [cough].", [""]),
        ("Status post [appendectomy].", ["historical"]),
        ("Findings: 1) [oesophagitis] s/p [dilatation] 2) [hiatal hernia] 3) normal.", ["", "historical", ""]),
        ("History of 1) [gout], 2) [asthma].", ["historical", "historical"]),
        ("History of [MI] (2004), [stroke] (in 2006), and [diabetes].", ["historical"] * 3),
        ("1) no [fever] 2) [cough].", ["negated", ""]),
        ("[Chest pain], hx of [gout].", ["", "historical"]),
        ("Reviewed [asthma] history and physical.", [""]),
        ("Given his [heart failure] history and his age, the [dyspnea] was thought cardiac.", ["historical", ""]),
        ("Scars, the sequelae of [tuberculosis].", ["historical"]),
        ("No history of [stroke].", ["negated historical"]),
        ("Her mother had [breast cancer].", ["family"]),
        ("His mother reports that he has [fever].", [""]),
        ("Family history of [diabetes].", ["family historical"]),
        ("FAMILY HISTORY: [Asthma] in two brothers.\nEXAM: [wheezing].", ["family historical", ""]),
        ("PMH:\n- [gout]\n- [asthma]\n\nPlan: treat the [cough].", ["historical", "historical", ""]),
        ("Denies:\n- [fever]\n- [weight loss]\n\nShe has a [rash].", ["negated", "negated", ""]),
        ("Pertinent negatives: [fever], [rash].", ["negated", "negated"]),
        ("[Diabetes]: No\n[Hypertension]: Yes", ["negated", ""]),
        ("Aspirin did not reduce [mortality].", [""]),
        ("The lack of [fibrosis] was notable.", ["negated"]),
        ("He no longer has [seizures].", ["negated"]),
    ],
)
def test_golden(marked: str, flags: list[str]) -> None:
    assert said_of(marked) == [set(flag.split()) for flag in flags]


TEXTS = st.lists(
    st.sampled_from(
        [
            "no ",
            "denies ",
            "fever",
            ", ",
            ". ",
            "\n",
            "Family history: ",
            "PMH:\n",
            "- ",
            "if ",
            "cough ",
            ": no",
            "İ",
            "’",
        ]
    )
    | st.text(max_size=5),
    max_size=25,
).map("".join)


@given(TEXTS, st.data())
def test_every_span_of_any_text_gets_one_assertion(text: str, data: st.DataObject) -> None:
    starts = data.draw(st.lists(st.integers(0, max(0, len(text) - 1)), max_size=5)) if text else []
    ends = [data.draw(st.integers(start + 1, len(text))) for start in starts]
    spans = [Span(start, end, "x", 1.0, text[start:end]) for start, end in zip(starts, ends, strict=True)]
    sections = FINDER.find(text)
    said = ASSERTER.read(text, spans, sections)
    assert [type(one) for one in said] == [Assertion] * len(spans)
    assert [ASSERTER.read(text, [span], sections)[0] for span in spans] == said, "a span is read by itself"


@given(TEXTS)
def test_sections_are_in_order_and_do_not_overlap(text: str) -> None:
    sections = FINDER.find(text)
    for section, following in pairwise(sections):
        assert section.end == following.start
    for section in sections:
        assert 0 <= section.start < section.end <= len(text)
        assert section.start <= section.reach <= section.end


def test_scopes_end_with_their_sentence() -> None:
    assert said_of("No fever. [Cough] since Monday.") == [set()]


def test_a_long_text_takes_time_in_proportion() -> None:
    text = "No fever, he denies pain: " * 4000
    spans = [Span(place + 3, place + 8, "x", 1.0, "fever") for place in range(0, len(text), 26 * 100)]
    assert all(one.negated for one in ASSERTER.read(text, spans, FINDER.find(text)))


def test_rules_of_a_user_add_and_replace(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(
        "triggers:\n- {sets: [negated], direction: forward, phrases: [zilch, (minus|sans) (|any)]}\npseudo: [denies]\n"
    )
    rules = load_rules([str(file)])
    ours = Asserter(rules, load_headers())
    assert said_of("Zilch [fever]. Sans any [cough].") == [set(), set()]
    assert said_of("Zilch [fever]. Sans any [cough].", ours) == [{"negated"}, {"negated"}]
    assert said_of("He denies [fever].", ours) == [set()]
    assert said_of("No [fever].", ours) == [{"negated"}]
    assert rules.digest != load_rules().digest
    assert load_rules([str(file)]).digest == rules.digest
    assert pickle.loads(pickle.dumps(rules)) == rules


@settings(max_examples=15)  # each reads all rules anew
@given(st.lists(st.text("abc ", min_size=1).filter(str.strip), min_size=1, max_size=4))
def test_added_triggers_leave_texts_without_them_alone(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    import yaml

    file = tmp_path_factory.mktemp("rules") / "ours.yaml"
    phrases = [f"qq {word}" for word in words]
    file.write_text(yaml.safe_dump({"triggers": [{"sets": ["negated"], "direction": "forward", "phrases": phrases}]}))
    ours = Asserter(load_rules([str(file)]), load_headers())
    assert said_of("No [fever] but [cough]; history of [gout].", ours) == [{"negated"}, set(), {"historical"}]
    assert said_of(f"qq {words[0]} [fever].", ours) == [{"negated"}]
