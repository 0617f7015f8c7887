"""Rules of language by which a mention in other words than a name is linked to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.concepts.contradictions import disagree
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.linker import Linker, Mention
from openbioner_batch.concepts.variants import spelt_share

CONCEPTS = """
T:1 Abnormality of taste
T:2 Delayed taste development; RELATED Taste difficulties; is_a T:1
T:3 Abnormality of smell
T:4 Goiter; EXACT Enlarged thyroid
T:5 Nodular goiter; is_a T:4
T:6 Colitis
T:7 Large tongue
T:8 Hypokalemia
T:9 Short fingers, short toes
T:10 Short finger; is_a T:9
T:11 Short toe; is_a T:9
T:12 Notched ear (Kaplan lobe)
T:13 Neck sinus; EXACT Throat sinus
T:14 Nail sinus
T:15 Nightly snoring; is_a T:16
T:16 Loud snoring
T:17 Mental delay
T:18 Premature greying
T:19 Seizure
T:20 Renal insufficiency; is_a T:21
T:21 Abnormal renal physiology
T:22 Abnormality of the larynx; EXACT Laryngeal abnormality; is_a T:20
T:23 Abnormal larynx morphology; is_a T:22
T:24 Aplasia/Hypoplasia involving the carpal bones
T:28 Limb shortening; EXACT Limbs undergrown; EXACT Short limb; EXACT Short limbs
T:29 Limb deficit; EXACT Shortened limbs
T:30 Impaired B cell function
T:31 Anti-PX4 antibody positivity
T:32 Distal upper limb muscle weakness
T:33 Apnea; EXACT Absent respiration
T:34 Decreased CSF pterin level
T:35 Vitreoretinal scarring
T:36 Abnormal urinary color
T:37 Undescended testis
T:38 Abnormal proportion of class-switched memory B cells
T:39 Abnormal proportion of memory B cells
T:40 Weak cry
T:41 Abnormal cry
T:42 Absent eyebrow
T:43 Decreased uric acid
T:44 Rash
T:45 Recurrent rash; is_a T:44
T:46 Neoplasm of the lip
T:47 Malignant neoplasm of the lip; is_a T:46
T:48 Long toe
T:49 Joint laxity
T:52 Wide-spaced nipples
T:53 Small pinna
T:54 Slow pulse
T:56 Limb tremor
T:57 Abnormal enzyme mass
T:58 Abnormal circulating enzyme mass concentration
"""


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    lines = ["format-version: 1.2"]
    for row in CONCEPTS.strip().splitlines():
        (id, name), *others = (part.split(" ", 1) for part in row.split("; "))
        lines += ["", "[Term]", f"id: {id}", f"name: {name}"]
        lines += [f"is_a: {text}" if kind == "is_a" else f'synonym: "{text}" {kind} []' for kind, text in others]
    folder: Path = tmp_path_factory.mktemp("rules")
    (folder / "t.obo").write_text("\n".join(lines) + "\n")
    build_vocabulary(str(folder / "t.obo"), str(folder / "t.vocab"))
    return Linker(Vocabulary(str(folder / "t.vocab")), top=2)


@pytest.mark.parametrize(
    ("mention", "found"),
    [
        ("smell impairment", [("T:3", 0.8)]),  # what is impaired is abnormal
        ("taste impairment", [("T:1", 0.8)]),  # not what is only related to it, and below it
        ("delay of taste development", [("T:2", 0.94)]),
        ("nodular enlargement of the thyroid", [("T:5", 0.91)]),  # a goiter is an enlarged thyroid
        ("colonic inflammation", [("T:6", 0.91)]),
        ("megaloglossia", [("T:7", 0.91)]),
        ("low serum potassium level", [("T:8", 0.91)]),
        ("short fingers and toes", [("T:11", 0.9405), ("T:10", 0.9405)]),  # not the group of them
        ("short fingers, short toes", [("T:9", 1.0)]),
        ("Kaplan notched ear", [("T:12", 0.7)]),  # what stands in brackets is no head
        ("sinuses", [("T:13", 0.5)]),  # which has most names of a sinus
        ("snoring", [("T:16", 0.5)]),  # which is above the other
        ("mentally delayed", [("T:17", 0.94)]),
        ("prematurely greyed", [("T:18", 0.94)]),
        ("fingers were short", [("T:10", 0.97)]),
        ("seizure disorder", [("T:19", 0.72)]),  # the head says nothing more
        ("dysfunction of the kidney", [("T:21", 0.94), ("T:20", 0.94)]),
        ("laryngeal disorder", [("T:22", 0.94), ("T:23", 0.94)]),  # of the whole
        ("malformed larynx", [("T:23", 0.94), ("T:22", 0.94)]),
        ("absent or hypoplastic carpals", [("T:24", 0.91)]),
        ("hypoplastic carpals", [("T:24", 0.8)]),  # the group is the nearest above
        ("carpal deficiency", [("T:24", 0.91)]),
        ("shortness of limbs", [("T:28", 0.94), ("T:29", 0.94)]),  # which more synonyms say
        ("defective B lymphocyte function", [("T:30", 0.94)]),
        ("antibodies against PX4", [("T:31", 0.91)]),
        ("distal weakness of the arms", [("T:32", 0.91)]),
        ("apnoeic spells", [("T:33", 0.91)]),
        ("stopped breathing", [("T:33", 0.94)]),
        ("low pterin in the cerebrospinal fluid", [("T:34", 0.91)]),
        ("scars of the vitreous and retina", [("T:35", 0.91)]),
        ("discoloured urine", [("T:36", 0.91)]),
        ("testes not descended", [("T:37", 0.91)]),
        ("poor cry", [("T:40", 0.85)]),  # a word near to the mention's
        ("no eyebrows", [("T:42", 0.91)]),
        ("uric acid deficiency", [("T:43", 0.85)]),
        ("bouts of rash", [("T:45", 0.94)]),
        ("cancer of the lip", [("T:47", 0.94)]),  # not any tumor
        ("tumor of the lip", [("T:46", 0.94)]),
        ("toes of increased length", [("T:48", 0.91)]),  # in any order
        ("nipples far apart", [("T:52", 0.94)]),
        ("poorly developed pinnae", [("T:53", 0.94)]),
        ("abnormal serum enzyme mass", [("T:58", 0.91), ("T:57", 0.91)]),  # which says where too
        ("low pulse rate", [("T:54", 0.91)]),
        ("shaking of the arms and legs", [("T:56", 0.94)]),
        ("switched memory B cells of abnormal proportion", [("T:38", 0.771429), ("T:39", 0.728571)]),
    ],
)
def test_a_mention_in_other_words_is_linked(linker: Linker, mention: str, found: list[tuple[str, float]]) -> None:
    (concepts,) = linker.link([Mention(mention)]).values()
    assert [(concept.id, concept.score) for concept in concepts] == found


PARTS = """
P:1,Pelvic kidney
P:2,Abnormal small intestine morphology
P:3,Intestinal hypoplasia
P:4,bone nose
P:5,Cystic kidney
P:6,Renal artery
"""


@pytest.mark.parametrize(
    ("mention", "found"),
    [
        ("small bowel", ("P:2", 0.8)),  # the part's name, not a hypoplastic bowel
        ("hypoplastic bowel", ("P:3", 0.94)),
        ("kidneys in the pelvis", ("P:1", 0.94)),
        ("renal pelvis", None),  # another part
        ("nasal bones", None),
        ("bony nasal", None),  # has no head
        ("arteries of the kidney", ("P:6", 0.94)),
        ("arteries, renal", ("P:6", 0.97)),
        ("renal cyst", ("P:5", 0.92)),  # a cyst is no part: either may be the head
    ],
)
def test_words_of_parts_alone_are_read_by_their_head(
    tmp_path: Path, mention: str, found: tuple[str, float] | None
) -> None:
    (tmp_path / "t.csv").write_text(f"id,name{PARTS}")
    build_vocabulary(str(tmp_path / "t.csv"), str(tmp_path / "t.vocab"))
    (concepts,) = Linker(Vocabulary(str(tmp_path / "t.vocab"))).link([Mention(mention)]).values()
    assert [(concept.id, concept.score) for concept in concepts] == ([found] if found else [])


FINDINGS = """
F:1,Abnormal toe
F:2,Impaired gait
F:3,Non-blanching rash
F:4,Mottledness
F:5,Wrist lump
F:6,Nonblistering erythema
F:7,Unbuttoned
"""


@pytest.mark.parametrize(
    ("mention", "found"),
    [
        ("disease", None),  # says nothing of what
        ("severe problems", None),
        ("difficulties", None),
        ("chronic condition", None),
        ("toe disease", "F:1"),
        ("walking difficulty", "F:2"),
        ("blanching rash", None),
        ("nonblanching rash", "F:3"),
        ("blistering erythema", None),
        ("bottledness", None),  # begins otherwise
        ("motledness", "F:4"),
        ("buttoned", None),
    ],
)
def test_what_says_nothing_or_the_contrary_is_not_linked(tmp_path: Path, mention: str, found: str | None) -> None:
    (tmp_path / "t.csv").write_text(f"id,name{FINDINGS}")
    build_vocabulary(str(tmp_path / "t.csv"), str(tmp_path / "t.vocab"))
    (concepts,) = Linker(Vocabulary(str(tmp_path / "t.vocab"))).link([Mention(mention)]).values()
    assert next((concept.id for concept in concepts), None) == found


@pytest.mark.parametrize(
    ("mention", "name", "is_so"),
    [
        ("ears of unequal size", "unequal size of arms", True),  # each is of another part
        ("lung vein obstruction", "lung obstruction", False),  # one is of fewer parts
        ("nonblistering rash", "rash with blisters", True),
    ],
)
def test_a_name_of_another_part_or_of_the_contrary_disagrees(mention: str, name: str, is_so: bool) -> None:
    assert disagree(mention, name) is is_so


@pytest.mark.parametrize(
    ("mention", "name", "share"),
    [
        ("short stubborn nose", "short toe", 2 / 3),  # two of three words have no spelling in the name
        ("nasal polyposis", "nose polyp", 1),
        ("thrombocytopaenic purpura", "thrombocytopenia", 3 / 4),
    ],
)
def test_a_near_name_counts_less_for_each_word_that_it_lacks(mention: str, name: str, share: float) -> None:
    assert spelt_share(mention, name) == pytest.approx(share)
