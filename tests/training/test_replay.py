"""Other training data that is learnt along: a model keeps the types that it knew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny import tiny_checkpoint

from openbioner_batch.errors import UsageError
from openbioner_batch.model import Tagger
from openbioner_batch.model.checkpoint import load_model, save_checkpoint
from openbioner_batch.model.config import LateSettings
from openbioner_batch.model.encoder import initialize
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.models import Model
from openbioner_batch.model.prepared import DescribedType
from openbioner_batch.model.reading import load_tokenizer
from openbioner_batch.records import EntityType
from openbioner_batch.training import replay as replaying
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.recipe import Recipe
from openbioner_batch.training.replay import Replay, ReplayedBatches, read_replay, sample_passages
from openbioner_batch.training.shared import SharedBatch
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table
from openbioner_batch.training.tuning import Tuning, tune

pytestmark = pytest.mark.usefixtures("one_thread")

DESCRIPTIONS = {"tool": "a thing to work with", "place": "where one is"}
LETTERS = {"tool": "zx", "place": "qk"}
FAST = Tuning(layer_rate=5e-3, head_rate=5e-3, texts_at_once=4, epochs=15)
"""Random weights have all to learn."""


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("checkpoints")
    plain = tiny_checkpoint(folder)
    config = load_model(plain).config
    model = LateEncoder(replace(config, separate_layers=config.layers, late=LateSettings(16, competing=False)))
    initialize(model, seed=3)
    model.start_projections(3)
    save_checkpoint(model, folder / "late", tokenizer_from=plain)
    return {"cross": plain, "late": folder / "late"}


def passages(number: int, marked: str, seed: int) -> list[AnnotatedPassage]:
    """Texts with a word of each type's letters, in which those of one type are marked."""
    random = np.random.default_rng(seed)
    made = []
    for place in range(number):
        words = random.choice("the of with and was seen by many".split(), 5).tolist()
        named = {name: "".join(random.choice(list(letters), 4)) for name, letters in LETTERS.items()}
        for word in named.values():
            words.insert(int(random.integers(6)), word)
        text = " ".join(words)
        start = text.index(named[marked])
        made.append(
            AnnotatedPassage(str(place), "s", text, (AnnotatedMention(start, start + 4, marked),), (), (marked,))
        )
    return made


def write_folder(folder: Path, *files: list[AnnotatedPassage], described: tuple[str, ...] = ("tool",)) -> str:
    for part in ("passages", "descriptions"):
        (folder / part).mkdir(parents=True)
    for number, some in enumerate(files):
        pq.write_table(passages_table(some), folder / "passages" / f"{number}.parquet")
    rows = [{"entity_type": name, "view": "definition", "description": DESCRIPTIONS[name]} for name in described]
    pq.write_table(pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA), folder / "descriptions" / "0.parquet")
    return str(folder)


def f1(model: Model, checkpoint: Path, name: str) -> float:
    """How well the word of a type is found in unseen texts."""
    tagger = Tagger(model, load_tokenizer(checkpoint), checkpoint, "cpu", "float32")
    unseen = passages(30, name, seed=99)
    tagged = tagger.tag([one.text for one in unseen], [EntityType(name, DESCRIPTIONS[name])])
    spans = {(place, span.start, span.end) for place, some in enumerate(tagged) for span in some}
    gold = {(place, m.start, m.end) for place, one in enumerate(unseen) for m in one.mentions}
    return 2 * len(spans & gold) / (len(spans) + len(gold))


@pytest.mark.parametrize("kind", ["cross", "late"])
def test_a_type_that_the_model_knew_is_kept(kind: str, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    start = checkpoints[kind]
    tokenizer = load_tokenizer(start)
    groups = {name: [[DescribedType(name, tuple(tokenizer.ids(text)))]] for name, text in DESCRIPTIONS.items()}
    knowing = tune(load_model(start), tokenizer, passages(60, "tool", 1), groups["tool"], FAST, 1)
    before = f1(knowing, start, "tool")
    save_checkpoint(knowing, tmp_path / "knowing", tokenizer_from=start)
    folder = write_folder(tmp_path / "silver", passages(60, "tool", 2))

    def tuned(replay: Replay | None) -> Model:
        model = load_model(tmp_path / "knowing")
        return tune(model, tokenizer, passages(40, "place", 3), groups["place"], FAST, 1, replay)

    replay = read_replay(folder, 0.5, ["place"], knowing, tokenizer, 1)
    without, kept = tuned(None), tuned(replay)
    assert before > 0.7
    assert f1(kept, start, "tool") > f1(without, start, "tool") + 0.15
    assert f1(kept, start, "place") > f1(knowing, start, "place") + 0.15


def test_the_sample_teaches_nothing_of_the_examples_types(tmp_path: Path) -> None:
    both = replace(passages(1, "tool", 1)[0], annotated=None)
    beside = AnnotatedMention(0, 3, "place")
    both = replace(both, mentions=(beside, *both.mentions))
    text_alone = replace(both, mentions=(), annotated=())
    folder = write_folder(tmp_path / "silver", passages(3, "place", 1), [both, text_alone])

    (left,) = sample_passages(folder, {"place"}, 0)

    assert left == replace(both, mentions=both.mentions[1:], unsure=((0, 3),))
    assert len(sample_passages(folder, {"city"}, 0)) == 4


def test_the_sample_is_drawn_from_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "SAMPLED", 8)
    files = [[replace(one, passage_id=f"{n}/{one.passage_id}") for one in passages(20, "tool", n)] for n in range(2)]
    folder = write_folder(tmp_path / "silver", *files)

    one, other = ([passage.passage_id for passage in sample_passages(folder, (), seed)] for seed in (0, 1))

    assert len({*one}) == 8
    assert {name[0] for name in one} == {"0", "1"}
    assert one != other
    assert one == [passage.passage_id for passage in sample_passages(folder, (), 0)]


@pytest.mark.parametrize(("share", "texts"), [(0.5, 4), (0.25, 1), (0.2, 1), (0.05, 1), (0.8, 16)])
def test_the_share_is_of_the_texts_of_a_step(
    share: float, texts: int, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    model, tokenizer = load_model(checkpoints["late"]), load_tokenizer(checkpoints["late"])
    replay = read_replay(write_folder(tmp_path, passages(6, "tool", 1)), share, ["place"], model, tokenizer, 0)
    batches = ReplayedBatches(replay, model, tokenizer, Recipe(loss="per-type"), beside=4, seed=0)

    first, second = batches.draw(), batches.draw()

    assert [len(batch.question_words) - 1 for batch in (first, second)] == [texts, texts]
    assert isinstance(first, SharedBatch)
    assert isinstance(second, SharedBatch)
    assert not np.array_equal(first.texts[0].token_ids, second.texts[0].token_ids)


def test_a_folder_that_describes_no_other_type_is_refused(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    model, tokenizer = load_model(checkpoints["cross"]), load_tokenizer(checkpoints["cross"])
    folder = write_folder(tmp_path, passages(6, "tool", 1), described=("tool", "place"))

    replay = read_replay(folder, 0.5, ["Place"], model, tokenizer, 0)
    assert (list(replay.vocabulary.views), [kind.name for kind in replay.types]) == (["tool"], ["tool"])
    with pytest.raises(UsageError, match="has no passages of other types that"):
        read_replay(folder, 0.5, ["Tools"], model, tokenizer, 0)
