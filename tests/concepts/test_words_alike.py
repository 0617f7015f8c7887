"""Words, phrases, stems and compounds that mean the same, or nearly."""

from __future__ import annotations

import re
from importlib import resources

import pytest
import yaml

from openbioner_batch.concepts.compounds import in_plain_words
from openbioner_batch.concepts.normalising import content, forms, meaning, stem, word_form
from openbioner_batch.concepts.restating import restated
from openbioner_batch.concepts.variants import coordinated


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("scanty hair", "sparse hair"),
        ("luxated hips", "dislocation of the hip"),
        ("late walking", "delayed walking"),
        ("swelling of the lids", "eyelid edema"),
        ("persistent cough", "chronic cough"),
        ("electroencephalographic pattern", "EEG pattern"),
        ("auricular anomaly", "abnormal pinna"),
        ("mildly raised", "mild increase"),
        ("leucocyte sulphate", "leukocyte sulfate"),
        ("coloured fibres", "colored fiber"),
        ("gonadotrophins", "gonadotropin"),
        ("thrombi of the larynges", "thrombus of larynx"),
        ("great toe", "hallux"),
        ("muscles of the upper limbs", "arm musculature"),
        ("vitamin B12", "cobalamin"),
        ("red blood cells", "erythrocytes"),
        ("moderately thick", "moderate thickening"),
        ("febrile", "pyrexial"),
        ("shaky hands", "hand tremor"),
        ("faecal", "of the stools"),
        ("abolished", "absent"),
        ("squinting", "strabismus"),
        ("his muscles had weakened", "muscle weakness"),
        ("could not swallow", "unable to swallow"),
        ("ankle jerks", "ankle reflexes"),
        ("deep tendon reflexes", "tendon reflex"),
        ("small for dates", "small for gestational age"),
        ("dislocated lenses", "lens dislocation"),
        ("gyri", "gyral"),
        ("failed to cough", "failure to cough"),
        ("fell", "falls"),
        ("girls", "females"),
        ("hunchback", "kyphosis"),
        ("cubital", "cubitus"),
        ("poorly formed", "hypoplastic"),
        ("hyperechoic", "echogenic"),
        ("ears could not be detected", "absent ear"),
        ("roof of the mouth", "palate"),
        ("range of motion", "movement"),
        ("sexual precocity", "premature puberty"),
        ("longer than normal", "long"),
        ("one-sided", "unilateral"),
    ],
)
def test_words_that_mean_the_same_are_one(one: str, other: str) -> None:
    assert content(one) == content(other)


def test_what_stands_for_a_phrase_has_no_more_words_than_it() -> None:
    """Words are replaced one by one where they stand."""
    table = resources.files("openbioner_batch.concepts").joinpath("phrases.yaml").read_text("utf-8")
    for instead, listed in yaml.safe_load(table).items():
        for phrase in listed.split(","):
            assert len(forms(instead)) <= len(forms(phrase)), phrase
            assert content(instead) == content(phrase), phrase


@pytest.mark.parametrize(
    ("one", "other"),
    [("early", "ear"), ("orofacial cleft", "craniofacial cleft"), ("little finger", "small finger")],
)
def test_words_that_mean_something_else_are_not(one: str, other: str) -> None:
    assert content(one) != content(other)


@pytest.mark.parametrize(
    ("compound", "words"),
    [
        ("gastritis", "stomach inflammation"),
        ("hepatomegaly", "large liver"),
        ("neutropenia", "decreased neutrophil"),
        ("hyperbilirubinemia", "increased bilirubin plasma"),
        ("polythelia", "supernumerary nipple"),
        ("micropenis", "small penis"),
        ("myatrophy", "muscle wasting"),
        ("aminoaciduria", "amino acid urine"),
        ("arthralgic", "joint pain"),
        ("polyarthritis", "multiple joint inflammation"),
        ("afibrinogenemia", "absent fibrinogen"),
        ("hypothyroidism", "decreased thyroid physiology"),
        ("deafness", "acoustic impaired"),
        ("meningitis", "meninge inflammation"),
        ("uncoordinated", "coordination impaired"),
        ("hypopigmented", "decreased pigmentation"),
        ("depigmented", "decreased pigmentation"),
        ("lymphadenopathy", "large lymph node"),
        ("hypercalciuria", "increased calcium urine"),
        ("maculopathy", "macula abnormal"),
        ("laryngospasm", "larynx spasm"),
        ("esrd", "end stage kidney abnormal"),
    ],
)
def test_compounds_are_taken_apart(compound: str, words: str) -> None:
    assert in_plain_words((compound,)) == in_plain_words(tuple(words.split()))


@pytest.mark.parametrize(
    ("words", "fewer"),
    [
        ("large sella turcica", "large sella"),
        ("retropharyngeal lymph node", "retropharyngeal node"),
        ("abnormal small chin", "small chin"),
        ("absent sense smell", "absent smell"),
        ("tooth dentin", "dentin"),
    ],
)
def test_what_is_implied_says_nothing(words: str, fewer: str) -> None:
    assert in_plain_words(tuple(words.split())) == in_plain_words(tuple(fewer.split()))


@pytest.mark.parametrize(
    "word", ["anemia", "epilepathy", "microbiology", "hypertension", "visit", "microgastritis", "level"]
)
def test_what_is_not_covered_whole_stays(word: str) -> None:
    assert len(in_plain_words((word,))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("intolerance", "intolerant"),
        ("dependency", "dependent"),
        ("irritability", "irritable"),
        ("drowsiness", "drowsy"),
        ("obsession", "obsessive"),
        ("elasticity", "elastic"),
        ("osteolysis", "osteolytic"),
        ("vesicular", "vesicle"),
        ("asthmatic", "asthma"),
        ("delusional", "delusion"),
        ("aspirated", "aspiration"),
        ("ventilating", "ventilation"),
        ("segmental", "segment"),
        ("mesothelium", "mesothelial"),
        ("impulsivity", "impulsive"),
        ("atelectasis", "atelectatic"),
        ("hallucinatory", "hallucination"),
    ],
)
def test_nouns_and_their_adjectives_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("green pulse", []),  # no word has others near to it
        ("loss of reflexes", [("absent", "reflex"), ("decreased", "reflex")]),
        ("poor function", [("decreased", "physiology"), ("impaired", "physiology"), ("physiology", "weakness")]),
        ("reluctance to sing", [("impaired", "sing")]),
        ("pale disk", [("decreased", "disk", "pigmentation")]),
        ("loss", []),  # says nothing of what
    ],
)
def test_words_near_to_those_of_a_mention_come_nearest_first(text: str, words: list[tuple[str, ...]]) -> None:
    assert list(restated(text))[: len(words) or None] == words


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("mild to severe cough", True),
        ("failure to cough", False),
        ("cough due to laughter", False),
    ],
)
def test_to_joins_degrees_alone(text: str, readings: bool) -> None:
    assert bool(coordinated(text)) == readings


def test_near_words_are_in_the_words_that_stand_for_them() -> None:
    """Others would never be met."""
    table = resources.files("openbioner_batch.concepts").joinpath("neighbours.yaml").read_text("utf-8")
    words = {word for line in table.splitlines() if line[:1] not in "#" for word in re.findall(r"[a-z]+-?", line)}
    assert {word for word in words if word[-1] != "-" and meaning(word_form(word)) != word} == set()
