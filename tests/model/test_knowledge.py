"""What a glossary knows of a name shifts the mention that the name stands in, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model import EntityType, Prepared, Tagger, save_checkpoint
from openbioner_batch.model.config import LateSettings
from openbioner_batch.model.encoder import initialize
from openbioner_batch.model.glossary import GlossaryEntry
from openbioner_batch.model.glossary_files import GlossaryChoice, write_glossary
from openbioner_batch.model.knowledge import _FARTHEST, _MOST_SHIFT, _SAME_MENTION, GlossaryHead, NamesInTexts
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.late_inference import LateInference
from openbioner_batch.model.location import GLOSSARY_HEAD
from openbioner_batch.model.prepare import named_description

ENTRIES = [
    GlossaryEntry(("aspirin",), ("a drug", "given in fever")),
    GlossaryEntry(("lung cancer", "cancer"), ("a sign of the lung",)),
    GlossaryEntry(("fever", "cancer"), ("a sign", "no drug", "the patient")),
    GlossaryEntry(("p53 gene",), ("a gene in mice",)),
]
TYPES = [EntityType("drug", "a drug that is given"), EntityType("sign", "a sign of cancer"), EntityType("b", "mice")]
TEXTS = [
    "aspirin was given in lung cancer. no sign of fever in the patient.",
    "fever",
    "",
    "the dose of aspirin . Fevers and p53 genes in mice with cancer.",
    "no name of them",
]
SIZE = 8


def random_head(factor: float = 2.0) -> GlossaryHead:
    """Its logits are between about -6 and 6, so that some are cut."""
    random = np.random.default_rng(3)
    query, gloss, scale = (
        random.standard_normal(shape).astype(np.float32) for shape in [(4, SIZE), (4, SIZE), (2, SIZE)]
    )
    return GlossaryHead(query, gloss, 0.3 * scale, np.array([factor, 0], np.float32))


def constant_head(logit: float) -> GlossaryHead:
    """Whatever the gloss and the description, its logit is this one."""
    nothing = np.zeros((4, SIZE), np.float32)
    return GlossaryHead(nothing, nothing, nothing[:2], np.array([0, logit], np.float32))


def without_mean(vectors: np.ndarray) -> np.ndarray:
    """[size, size] what takes the mean of vectors out of them, by which those of a random model are much alike."""
    mean = vectors.mean(0) / np.linalg.norm(vectors.mean(0))
    return np.eye(SIZE, dtype=np.float32) - np.outer(mean, mean)


@pytest.fixture(scope="module", params=[{}, {"named": True, "shared_encoder": True}], ids=str)
def folder(
    request: pytest.FixtureRequest, checkpoint: Path, tagger: Tagger, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A small random model of late interaction, for which types are about as likely as no entity, with a glossary."""
    config = tagger.encoder.config
    late = LateSettings(SIZE, **request.param)
    model = LateEncoder(dataclasses.replace(config, separate_layers=config.layers, late=late, initializer_range=0.2))
    initialize(model.eval(), seed=1)
    found = tmp_path_factory.mktemp("late")
    save_checkpoint(model, found, checkpoint)
    first = Tagger.from_pretrained(found, "cpu", "float32")
    logits = logits_of(first, TEXTS)
    model.background.bias.data += float((logits[:, 1:] - logits[:, :1]).mean())
    save_checkpoint(model, found, checkpoint)
    write_glossary(ENTRIES, found)
    head = random_head()
    glosses = [EntityType("entity", gloss) for entry in ENTRIES for gloss in entry.glosses]
    query, gloss = (
        head.query @ without_mean(described(first, TYPES)),
        head.gloss @ without_mean(described(first, glosses)),
    )
    dataclasses.replace(head, query=query, gloss=gloss).write(found / GLOSSARY_HEAD)
    return found


@pytest.fixture(scope="module")
def knowing(folder: Path) -> Tagger:
    return Tagger.from_pretrained(folder, "cpu", "float32")


@pytest.fixture(scope="module")
def plain(folder: Path) -> Tagger:
    return Tagger.from_pretrained(folder, "cpu", "float32", glossary=GlossaryChoice(own=False))


@pytest.fixture
def with_head(folder: Path) -> Iterator[Callable[[GlossaryHead], Tagger]]:
    """A tagger with another head."""
    stored = (folder / GLOSSARY_HEAD).read_bytes()

    def make(head: GlossaryHead) -> Tagger:
        head.write(folder / GLOSSARY_HEAD)
        return Tagger.from_pretrained(folder, "cpu", "float32")

    yield make
    (folder / GLOSSARY_HEAD).write_bytes(stored)


def logits_of(tagger: Tagger, texts: list[str]) -> np.ndarray:
    """Column 0 for no entity, then every type."""
    groups = list(tagger.word_logits(tagger.preparer(TYPES).prepare(texts)))
    return np.concatenate([groups[0][:, :1], *(group[:, 1:] for group in groups)], 1)


def described(tagger: Tagger, types: list[EntityType]) -> np.ndarray:
    assert isinstance(tagger.encoder, LateInference)
    groups = tagger.preparer(types).groups
    tails = [(tagger.tokenizer.cls, *kind.description, tagger.tokenizer.sep) for group in groups for kind in group]
    return tagger.encoder.describe(tails, tagger.token_budget)


def prepared_words(sizes: list[int], breaks: list[int], names: list[tuple[int, int, int]]) -> Prepared:
    """Documents of so many words, some of which begin sentences, with names in them."""
    bounds = np.cumsum([0, *sizes])
    word_breaks = np.zeros(bounds[-1], np.bool_)
    word_breaks[breaks] = True
    return Prepared(
        texts=("",) * len(sizes),
        groups=(),
        token_ids=np.zeros(bounds[-1], np.int32),
        window_bounds=bounds,
        document_windows=np.ones(len(sizes), np.int32),
        document_tokens=np.array(sizes),
        document_words=bounds,
        word_tokens=np.arange(bounds[-1]),
        word_offsets=np.zeros((bounds[-1], 2), np.int32),
        word_breaks=word_breaks,
        known_names=np.array(names, np.int64).reshape(-1, 3),
    )


def mention(margins: list[float], first: int, last: int, begins: set[int]) -> list[int]:
    """The words of the mention of a name from its first word to its last: it, and words beside it one by one."""
    least = max(margins[first : last + 1]) - _SAME_MENTION
    words = list(range(first, last + 1))
    for word in range(first - 1, max(first - _FARTHEST, 0) - 1, -1):
        if word + 1 in begins or margins[word] < least:
            break
        words.append(word)
    for word in range(last + 1, min(last + _FARTHEST, len(margins) - 1) + 1):
        if word in begins or margins[word] < least:
            break
        words.append(word)
    return words


def shifts_of(prepared: Prepared, margins: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """The shift of every word for every type, name by name; `logits` are [names, types]."""
    begins = set(np.flatnonzero(prepared.word_breaks).tolist()) | set(prepared.document_words.tolist())
    shifts = np.zeros_like(margins)
    for kind in range(margins.shape[1]):
        of_kind = margins[:, kind].tolist()
        wanted: list[list[float]] = [[] for _ in of_kind]
        for name, (first, last, _) in enumerate(prepared.known_names.tolist()):
            shift = min(max(float(logits[name, kind]), -_MOST_SHIFT), _MOST_SHIFT)
            words = mention(of_kind, first, last, begins)
            if shift < 0 and max(of_kind[word] for word in words) > max(of_kind[first : last + 1]):
                continue
            for word in words:
                wanted[word].append(shift)
        for word, some in enumerate(wanted):
            shifts[word, kind] = max(some) if max(some, default=0) > 0 else min(some, default=0)
    return shifts


@st.composite
def situations(draw: st.DrawFn) -> tuple[Prepared, np.ndarray, np.ndarray]:
    """Documents with names that do not overlap, evidence for types, and for no entity; all in steps of a half."""
    sizes = draw(st.lists(st.integers(0, 14), min_size=1, max_size=4))
    words = sum(sizes)
    breaks = draw(st.lists(st.integers(0, words - 1), max_size=4)) if words else []
    names = []
    for low, size in zip(np.cumsum([0, *sizes]).tolist(), sizes, strict=False):
        bounds = sorted(draw(st.sets(st.integers(low, low + size), max_size=6)))
        pairs = zip(bounds[::2], bounds[1::2], strict=False)
        names += [(first, end - 1, draw(st.integers(0, 4))) for first, end in pairs]
    steps = st.integers(-12, 12) if draw(st.booleans()) else st.integers(-3, 3)
    halves = draw(st.lists(steps, min_size=4 * words, max_size=4 * words))
    scores = np.array(halves, np.float32).reshape(words, 4) / 2
    return prepared_words(sizes, breaks, names), scores[:, 1:], scores[:, :1]


ONE_NAME = (prepared_words([20], [], [(9, 10, 0)]), np.zeros((20, 3), np.float32), np.zeros((20, 1), np.float32))


@given(situations())
@example(ONE_NAME)
def test_it_says_what_plain_loops_over_names_types_and_words_say(
    knowing: Tagger, situation: tuple[Prepared, np.ndarray, np.ndarray]
) -> None:
    prepared, evidence, background = situation
    reader = knowing._knowledge
    assert reader is not None
    assert len(reader.glossary.meanings) == 5
    descriptions = described(knowing, TYPES)
    meanings = prepared.known_names[:, 2]
    logits = reader.fit(meanings, descriptions) if len(meanings) else np.zeros((0, 3))
    given_evidence = evidence.copy()
    found = reader.of(prepared).add(evidence, background, descriptions)
    expected = evidence + shifts_of(prepared, evidence - background, logits)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.dtype == np.float32
    assert (evidence == given_evidence).all()
    assert (np.abs(found - evidence) <= _MOST_SHIFT + 1e-5).all()
    assert (found is evidence) == (not len(meanings))


def test_a_meaning_fits_as_the_best_of_its_glosses_does(knowing: Tagger) -> None:
    reader = knowing._knowledge
    assert reader is not None
    named = knowing.encoder.config.late.named
    descriptions = described(knowing, TYPES)
    expected = []
    for meaning in range(5):
        glosses = [named_description("entity", one) if named else one for one in reader.glossary.glosses(meaning)]
        ids = [(knowing.tokenizer.cls, *knowing.tokenizer.ids(one), knowing.tokenizer.sep) for one in glosses]
        read = knowing.encoder.describe(ids, knowing.token_budget)
        head = GlossaryHead.read(knowing._directory / GLOSSARY_HEAD, SIZE)
        expected.append(head.logits(descriptions, head.project(read)).max(axis=0))
    assert len({round(float(one), 3) for row in expected[:2] + expected[3:] for one in row}) == 12
    assert np.min(expected) < -_MOST_SHIFT < _MOST_SHIFT < np.max(expected)
    order = np.array([4, 0, 0, 3, 1, 2, 4])
    np.testing.assert_allclose(reader.fit(order, descriptions), np.array(expected)[order], atol=1e-5)


def known(tagger: Tagger, sizes: list[int], breaks: list[int], names: list[tuple[int, int, int]]) -> NamesInTexts:
    assert tagger._knowledge is not None
    return tagger._knowledge.of(prepared_words(sizes, breaks, names))


def shifted(names: NamesInTexts, tagger: Tagger, margins: list[float]) -> list[float]:
    """By how much a type's words are shifted where it is so much likelier than no entity."""
    background = np.linspace(-5, 5, len(margins), dtype=np.float32)[:, None]
    evidence = np.array(margins, np.float32)[:, None] + background
    found = names.add(evidence, background, described(tagger, TYPES[:1]))
    return np.round(found - evidence, 3)[:, 0].tolist()


@pytest.mark.parametrize(("logit", "shift"), [(2, 2), (-2, -2), (50, _MOST_SHIFT), (-50, -_MOST_SHIFT), (0, 0)])
def test_a_name_shifts_its_words_and_those_beside_it_that_are_about_as_likely(
    with_head: Callable, logit: float, shift: float
) -> None:
    tagger = with_head(constant_head(logit))
    names = known(tagger, [9], [], [(3, 4, 0)])
    assert shifted(names, tagger, [0, -9, -1, -4, 1, -2, -1, -2.25, 0]) == [0, 0, *[shift] * 5, 0, 0]


@pytest.mark.parametrize("logit", [2, -2])
def test_a_mention_ends_at_the_starts_of_sentences_and_the_edges_of_documents(
    with_head: Callable, logit: float
) -> None:
    tagger = with_head(constant_head(logit))
    names = known(tagger, [2, 4, 0, 3, 1], [3, 8], [(3, 4, 0), (7, 7, 1)])
    assert shifted(names, tagger, [0] * 10) == [0, 0, 0, *[logit] * 3, *[logit] * 2, 0, 0]


def test_a_mention_reaches_only_so_far(with_head: Callable) -> None:
    tagger = with_head(constant_head(1))
    far = _FARTHEST + 3
    names = known(tagger, [2 * far + 1], [], [(far, far, 0)])
    reached = 2 * _FARTHEST + 1
    assert shifted(names, tagger, [0] * (2 * far + 1)) == [*[0] * 3, *[1] * reached, *[0] * 3]


def test_a_name_does_not_lower_a_mention_with_a_surer_word_but_raises_it(with_head: Callable) -> None:
    margins = [0, -1, 0, 0.5, -8, 1]
    for logit, expected in [(-2, [0] * 6), (2, [2, 2, 2, 2, 0, 0])]:
        tagger = with_head(constant_head(logit))
        assert shifted(known(tagger, [6], [], [(1, 2, 0)]), tagger, margins) == expected
        # a surer word beyond the mention does not matter
        far = known(tagger, [6], [3], [(1, 2, 0)])
        assert shifted(far, tagger, margins) == [logit] * 3 + [0] * 3


def test_where_two_names_want_different_shifts_the_one_up_counts(knowing: Tagger) -> None:
    reader = knowing._knowledge
    assert reader is not None
    descriptions = described(knowing, TYPES)
    logits = np.clip(reader.fit(np.arange(5), descriptions), -_MOST_SHIFT, _MOST_SHIFT)
    kind, up, down = next(
        (kind, up, down)
        for kind in range(3)
        for up in range(5)
        for down in range(5)
        if logits[up, kind] > 0 > logits[down, kind]
    )
    evidence, background = np.zeros((4, 3), np.float32), np.zeros((4, 1), np.float32)
    for pair in ((up, down), (down, up)):
        names = known(knowing, [4], [], [(0, 0, pair[0]), (3, 3, pair[1])])
        np.testing.assert_allclose(names.add(evidence, background, descriptions)[:, kind], [logits[up, kind]] * 4)


def test_words_without_names_keep_their_logits_and_names_do_not(knowing: Tagger, plain: Tagger) -> None:
    prepared = knowing.preparer(TYPES).prepare(TEXTS)
    assert len(prepared.known_names) == 8
    with_names, without = logits_of(knowing, TEXTS), logits_of(plain, TEXTS)
    reader = knowing._knowledge
    assert reader is not None
    logits = reader.fit(prepared.known_names[:, 2], described(knowing, TYPES))
    expected = shifts_of(prepared, without[:, 1:] - without[:, :1], logits)
    assert (with_names[:, 0] == without[:, 0]).all()
    assert (with_names[:, 1:][expected == 0] == without[:, 1:][expected == 0]).all()
    np.testing.assert_allclose(with_names[:, 1:], without[:, 1:] + expected, atol=1e-5)
    assert (expected != 0).any()
    assert (logits_of(knowing, TEXTS[4:]) == logits_of(plain, TEXTS[4:])).all()


@pytest.fixture(scope="module")
def alone(knowing: Tagger) -> dict[str, np.ndarray]:
    return {text: logits_of(knowing, [text]) for text in TEXTS}


@settings(max_examples=15)
@given(st.permutations(TEXTS + TEXTS[:1]))
def test_a_text_says_the_same_whatever_it_is_read_beside(
    knowing: Tagger, alone: dict[str, np.ndarray], texts: list[str]
) -> None:
    expected = np.concatenate([alone[text] for text in texts])
    np.testing.assert_allclose(logits_of(knowing, texts), expected, atol=1e-5)


def test_glosses_that_were_read_before_make_no_difference(folder: Path, alone: dict[str, np.ndarray]) -> None:
    fresh = Tagger.from_pretrained(folder, "cpu", "float32")
    for text in TEXTS[::-1]:
        np.testing.assert_allclose(logits_of(fresh, [text]), alone[text], atol=1e-5)


def test_glosses_longer_than_the_model_reads_are_cut(folder: Path, knowing: Tagger) -> None:
    positions = knowing.encoder.config.positions
    found = []
    for words in (positions, 3 * positions):
        entries = (GlossaryEntry(("mice",), ("fever " * words,)),)
        told = Tagger.from_pretrained(folder, "cpu", "float32", glossary=GlossaryChoice(own=False, entries=entries))
        found.append(logits_of(told, ["given in mice"]))
    assert (found[0] == found[1]).all()
    assert np.isfinite(found[0]).all()


def test_spans_follow_the_glossary(with_head: Callable, plain: Tagger) -> None:
    down, level, up = (with_head(constant_head(logit)).tag(TEXTS, TYPES) for logit in (-3, 0, 3))
    assert level == plain.tag(TEXTS, TYPES)
    assert down[-1] == level[-1] == up[-1]
    covered = [sum(span.end - span.start for spans in some for span in spans) for some in (down, level, up)]
    assert covered[0] < covered[1] < covered[2]


def test_no_texts_and_no_types(knowing: Tagger) -> None:
    assert knowing.tag([], TYPES) == []
    assert knowing.tag(["", " \n"], TYPES) == [[], []]
    assert knowing.logits("aspirin", []).shape == (2, 1)
    assert [group.shape for group in knowing.word_logits(knowing.preparer([]).prepare(["aspirin"]))] in ([], [(1, 1)])


def test_a_head_that_is_written_is_read_again_to_the_precision_of_its_format(tmp_path: Path) -> None:
    head = random_head()
    head.write(tmp_path / GLOSSARY_HEAD)
    read = GlossaryHead.read(tmp_path / GLOSSARY_HEAD, SIZE)
    for name in ("query", "gloss", "scale", "scale_bias"):
        assert getattr(read, name).dtype == np.float32
        np.testing.assert_array_equal(getattr(read, name), getattr(head, name).astype(np.float16))
    first = (tmp_path / GLOSSARY_HEAD).read_bytes()
    read.write(tmp_path / GLOSSARY_HEAD)
    assert (tmp_path / GLOSSARY_HEAD).read_bytes() == first


def test_a_very_steep_head_is_finite() -> None:
    vectors = np.eye(SIZE, dtype=np.float32)
    with np.errstate(all="raise"):
        found = random_head(factor=60).logits(vectors, random_head().project(vectors))
    assert np.isfinite(found).all()


def test_the_head_of_another_model_is_refused(folder: Path, with_head: Callable) -> None:
    random_head().write(folder / "other.safetensors")
    with pytest.raises(CheckpointError, match=r"the head of a glossary for another model; expected vectors of 9"):
        GlossaryHead.read(folder / "other.safetensors", SIZE + 1)
    wide = GlossaryHead(*(np.zeros(shape, np.float32) for shape in [(4, 9), (4, 9), (2, 9), (2,)]))
    with pytest.raises(CheckpointError, match="for another model"):
        with_head(wide)


@pytest.mark.parametrize("part", ["query", "gloss", "scale", "scale_bias"])
def test_a_head_with_a_part_of_another_shape_is_refused(tmp_path: Path, part: str) -> None:
    dataclasses.replace(random_head(), **{part: np.zeros(3, np.float32)}).write(tmp_path / GLOSSARY_HEAD)
    with pytest.raises(CheckpointError):
        GlossaryHead.read(tmp_path / GLOSSARY_HEAD, SIZE)


def test_a_damaged_head_is_named(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / GLOSSARY_HEAD
    with pytest.raises(CheckpointError, match=r"glossary\.safetensors: not the head of a glossary"):
        GlossaryHead.read(path, SIZE)
    random_head().write(path)
    whole = path.read_bytes()
    for content in (b"", b"text", whole[:-1], whole[: len(whole) // 2], b"\xff" + whole[1:]):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"glossary\.safetensors: not the head of a glossary"):
            GlossaryHead.read(path, SIZE)
    save_file({"query": np.zeros((4, SIZE))}, path)
    with pytest.raises(CheckpointError, match=r"not the head of a glossary \(TypeError\)"):
        GlossaryHead.read(path, SIZE)
