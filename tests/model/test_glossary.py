"""Names of a glossary are found as people write them, and nothing else is."""

from __future__ import annotations

import itertools
import pickle
import re
import time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from model.names import NAMES, found, glossary, texts

from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.model.glossary import LONGEST_NAME, Glossary, GlossaryEntry, known_words


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("levetiracetam", "Levetiracetam"),
        ("levetiracetam", "LEVETIRACETAM"),
        ("Lung Cancer", "lung cancer"),
        ("lung cancer", "lung-cancer"),
        ("x-ray", "X ray"),
        ("beta-blocker", "beta blockers"),
        ("box", "boxes"),
        ("biopsy", "Biopsies"),
        ("lung cancer", "lung\ncancers"),
        ("Ca(2+) channel", "Ca 2 channels"),
        ("(aspirin)", "aspirin"),
        ("İstanbul fever", "İstanbul fever"),
    ],
)
def test_names_match_whatever_their_case_the_marks_within_and_a_plural(name: str, written: str) -> None:
    assert found(f"It was 😀 {written}, as ever.", name) == [written]


@pytest.mark.parametrize("text", ["aspirins2", "unaspirin", "cancer lung", "lung of cancer", "lungs cancer", ""])
def test_parts_of_words_and_other_orders_do_not_match(text: str) -> None:
    assert found(text, "aspirin", "lung cancer") == []


def test_a_singular_does_not_match_a_name_in_the_plural() -> None:
    assert found("It fits: fit, fits.", "fits") == ["fits", "fits"]


def test_the_longest_name_counts_then_the_first() -> None:
    names = ("lung", "lung cancer", "cancer screening test", "screening")
    assert found("lung cancer screening", *names) == ["lung cancer", "screening"]
    assert found("cancer screening test", *names) == ["cancer screening test"]


def test_a_name_as_it_stands_is_preferred_to_one_that_it_may_be_the_plural_of() -> None:
    both = glossary("bypass", "bypas")
    assert [both.said(name.meaning) for name in both.find("bypass")] == [(("what bypass is",), ())]


def test_names_in_capitals_match_as_they_stand() -> None:
    text = "All of them had ALL, all the ALLs, no ALLS, and MAO-B, mao-b or MAO B."
    assert found(text, "ALL", "MAO-B") == ["ALL", "ALLs", "MAO-B"]


@pytest.mark.parametrize("name", ["HER2+", "(ALL)", "A.L.L.", "+/-MAO"])
def test_marks_at_the_ends_of_names_in_capitals_do_not_matter(name: str) -> None:
    inner = re.sub(r"^\W+|\W+$", "", name)
    assert found(f"there was {inner} in the patient", name) == [inner]


def test_names_in_capitals_do_not_match_in_texts_that_are_mostly_in_capitals() -> None:
    assert found("ALL PATIENTS HAD ASPIRIN for fever", "ALL", "aspirin") == ["ASPIRIN"]


def test_a_name_that_some_entry_has_in_other_letters_matches_in_any() -> None:
    assert found("All ALL all", "ALL", "all") == ["All", "ALL", "all"]


def test_short_names_and_long_ones_are_left_out() -> None:
    longest = " ".join(["word"] * LONGEST_NAME)
    names = ("ab", "(a)", "Na+", "--- ", "", longest + " word")
    assert len(glossary(*names)) == 0
    assert found("ab a (a) Na NA --- " + longest + " word", *names) == []
    assert len(glossary("abc", "a b", longest)) == 3
    assert found(f"abc a b {longest}s", "abc", "a b", longest) == ["abc", "a b", f"{longest}s"]


def test_entries_without_glosses_are_left_out() -> None:
    known = Glossary([GlossaryEntry(("aspirin", "fever"), ()), GlossaryEntry(("fever",), ("a symptom",))])
    found = [(name.start, known.said(name.meaning)) for name in known.find("aspirin, fever")]
    assert found == [(9, (("a symptom",), ()))]


def test_a_name_in_several_entries_has_each_gloss_of_all_once() -> None:
    known = Glossary(
        [
            GlossaryEntry(("Cold", "common cold"), ("an infection", "a disease")),
            GlossaryEntry(("heat",), ("a temperature",)),
            GlossaryEntry(("cold", "COLD"), ("a temperature", "a disease")),
        ]
    )
    said = [known.said(name.meaning) for name in known.find("cold heat, colds and common colds")]
    cold = ("an infection", "a disease", "a temperature"), ()
    assert said == [cold, (("a temperature",), ()), cold, (("an infection", "a disease"), ())]
    assert len(known) == 3
    assert len(known.meanings) == 3


def test_what_begins_with_not_is_false_of_a_name() -> None:
    own = [
        GlossaryEntry(("cold",), ("not a drug", "an infection", "not caused by bacteria")),
        GlossaryEntry(("cold", "heat"), ("a temperature", "not an infection", "not a drug")),
        GlossaryEntry(("notes",), ("nothing else", "notable", "what is not a drug", "not")),
        GlossaryEntry(("dose",), ("not a drug",)),
    ]
    known = Glossary(own)
    assert [known.said(name.meaning) for name in known.find("cold heat, notes, dose")] == [
        (("an infection", "a temperature"), ("a drug", "caused by bacteria", "an infection")),
        (("a temperature",), ("an infection", "a drug")),
        (("nothing else", "notable", "what is not a drug", "not"), ()),
        ((), ("a drug",)),
    ]
    assert [known.true_of(entry) for entry in range(4)] == [
        ["an infection"],
        ["a temperature"],
        ["nothing else", "notable", "what is not a drug", "not"],
        [],
    ]
    assert known.statements == (
        *("an infection", "a drug", "caused by bacteria", "a temperature"),
        *("nothing else", "notable", "what is not a drug", "not"),
    ), "what is true comes first within an entry: the tokens that checkpoints store are in this order"


def test_what_a_user_says_is_told_apart_even_where_the_checkpoint_says_the_same() -> None:
    own = [GlossaryEntry(("aspirin", "ASA"), ("a drug", "not a dye")), GlossaryEntry(("aspirin",), ("relieves pain",))]
    users = [GlossaryEntry(("aspirin", "zyxolam"), ("a drug", "not a test")), GlossaryEntry(("zyxolam",), ("a dye",))]
    known = Glossary(own, users)
    assert known.own_entries == 2
    assert known.entries == (*own, *users)
    meanings = {name: one.meaning for name in ("aspirin", "ASA", "zyxolam") for one in known.find(f"the {name}")}
    assert {name: known.said(meaning) for name, meaning in meanings.items()} == {
        "aspirin": (("a drug", "relieves pain"), ("a dye", "a test")),
        "ASA": (("a drug",), ("a dye",)),
        "zyxolam": (("a drug", "a dye"), ("a test",)),
    }
    assert {name: known.said(meaning, only_given=True) for name, meaning in meanings.items()} == {
        "aspirin": (("a drug",), ("a test",)),
        "ASA": ((), ()),
        "zyxolam": (("a drug", "a dye"), ("a test",)),
    }


glosses = st.builds(str.__add__, st.sampled_from(["", "not "]), st.sampled_from(["a", "b", "c", "not a", "no"]))
some_entries = st.lists(st.lists(glosses, max_size=5).map(lambda some: GlossaryEntry(("aspirin",), tuple(some))))


@given(some_entries, some_entries)
def test_statements_are_all_that_is_said_each_once_with_the_checkpoints_first(
    own: list[GlossaryEntry], users: list[GlossaryEntry]
) -> None:
    known = Glossary(own, users)
    said = {gloss.removeprefix("not ") for entry in (*own, *users) for gloss in entry.glosses}
    assert set(known.statements) == said
    assert len(known.statements) == len(said)
    own_alone = Glossary(own).statements
    assert known.statements[: len(own_alone)] == own_alone, "their tokens are stored by place"
    for meaning in range(len(known.meanings)):
        true, false = known.said(meaning)
        assert {*true, *false} == said
        assert set(true) == {gloss for entry in (*own, *users) for gloss in entry.glosses if gloss[:4] != "not "}


def singulars(word: str) -> set[str]:
    endings = {"s": "", "es": "", "ies": "y"}
    return {word, *(word.removesuffix(ending) + y for ending, y in endings.items() if word.endswith(ending))}


def is_named(text: str) -> bool:
    *before, last = [word.lower() for word in re.findall(r"\w+", text)]
    keys = {tuple(re.findall(r"\w+", name.lower())) for name in NAMES}
    return any((*before, one) in keys for one in singulars(last))


@given(texts)
@example("aspirin\u0301 cancer😀lung\u200bcancers\ud800IL-2s")
@example("e\u0301 lung\u0301 cancer")
def test_names_are_in_order_do_not_overlap_and_are_whole_words(text: str) -> None:
    names = list(glossary(*NAMES).find(text))
    assert all(a.end <= b.start for a, b in itertools.pairwise(names))
    starts, ends = ({getattr(word, side)() for word in re.finditer(r"\w+", text)} for side in ("start", "end"))
    for name in names:
        assert 0 <= name.start < name.end <= len(text)
        assert name.start in starts
        assert name.end in ends
        assert is_named(text[name.start : name.end])


@given(st.sampled_from([*NAMES, *(f"{name}s" for name in NAMES if name != "IL-2")]), texts, texts)
def test_a_name_is_found_in_any_text_that_is_not_in_capitals(name: str, before: str, behind: str) -> None:
    start = len(f"{before} so it is . ")
    text = f"{before} so it is . {name} . or it is not {behind}" + " lower" * (len(before) + len(behind))
    assert (start, start + len(name)) in [(one.start, one.end) for one in glossary(*NAMES).find(text)]


@given(texts, st.sampled_from(["basic", "pieces", "whitespace"]))
@example("", "basic")
@example(" \n", "basic")
@example("\u0301", "basic")
@example("lung cancer-dependent aspirin, IL-2 and e\u0301", "whitespace")
def test_known_words_are_the_names_that_begin_and_end_with_words(tagger: Tagger, text: str, words: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    known = glossary(*NAMES)
    offsets = tagger.preparer([EntityType("drug", "a drug")], words).prepare([text]).word_offsets
    starts, ends = offsets[:, 0].tolist(), offsets[:, 1].tolist()
    expected = [
        (starts.index(name.start), ends.index(name.end), name.meaning)
        for name in known.find(text)
        if name.start in starts and name.end in ends
    ]
    kept = known_words(known, text, offsets)
    assert kept.dtype == np.int64
    assert kept.shape == (len(expected), 3)
    assert list(map(tuple, kept.tolist())) == expected
    assert (kept[:, 0] >= 0).all()
    assert (kept[:, 0] <= kept[:, 1]).all()
    assert (kept[:, 1] < len(offsets)).all()


def test_known_words_of_nothing() -> None:
    nothing = np.zeros((0, 2), np.int32)
    for text in ("", "aspirin"):
        assert known_words(glossary("aspirin"), text, nothing).shape == (0, 3)
    assert known_words(glossary(), "aspirin", np.array([[0, 7]])).shape == (0, 3)


@pytest.mark.parametrize(("first", "last"), [(0, 5), (2, 7)])
def test_a_name_that_ends_within_a_word_is_not_known(first: int, last: int) -> None:
    assert known_words(glossary("IL-2 gene"), "a IL-2 gene", np.array([[0, 1], [first + 2, last + 2]])).shape == (0, 3)


def test_a_glossary_can_be_sent_to_other_processes() -> None:
    known = glossary(*NAMES)
    copy = pickle.loads(pickle.dumps(known))
    text = "Lung cancers, ALL and x-ray doses"
    assert list(copy.find(text)) == list(known.find(text))
    assert [copy.said(name.meaning)[0] for name in copy.find(text)] == [
        ("what lung cancer is",),
        ("what ALL is",),
        ("what x-ray dose is",),
    ]


def test_a_preparer_knows_the_words_of_all_its_texts(tagger: Tagger) -> None:
    preparer = tagger.preparer([EntityType("drug", "a drug")])
    preparer._glossary = glossary("aspirin", "lung cancer")
    prepared = preparer.prepare(["no fever", "", "aspirin in lung cancer", "Lung-cancers . aspirin"])
    written = [
        [prepared.word_offsets[first, 0], prepared.word_offsets[last, 1]] for first, last, _ in prepared.known_names
    ]
    assert prepared.known_names[:, 2].tolist() == [0, 1, 1, 0]
    assert np.array(written).tolist() == [[0, 7], [11, 22], [0, 12], [15, 22]]
    documents = np.searchsorted(prepared.document_words, prepared.known_names[:, 0], "right") - 1
    assert documents.tolist() == [2, 2, 3, 3]


def test_a_megabyte_is_searched_for_many_names_in_seconds() -> None:
    numbers = [f"{one:05d}".translate(str.maketrans("0123456789", "abcdefghij")) for one in range(30_000)]
    known = glossary(*(f"gene {one}" for one in numbers[::2]), *(f"drug{one} of the {one}" for one in numbers[1::2]))
    assert len(known) == 30_000
    text = "".join(f"the gene {one} and drug{one} of the {one} in mice, " for one in numbers)
    assert len(text) > 1_000_000
    began = time.process_time()  # the machine may be busy
    assert sum(1 for _ in known.find(text)) == 30_000
    assert time.process_time() - began < 10
