"""No clinical number becomes another one, whoever found it; what is proven to be an identifier is invented anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from zlib import crc32

import pytest
from deid.clinical_numbers import Note, changed_digits, notes, phrases

from openbioner_batch.deid.evidence import unproven_numbers
from openbioner_batch.deid.families import FAMILIES, family_of
from openbioner_batch.deid.finder import Finder
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.replacing import Replaced, replace
from openbioner_batch.deid.scope import Scope
from openbioner_batch.records import Span

FINDER = Finder()
PATIENT = Scope.for_patient(Key(bytes(range(32))), "p")
POLICIES = [load_policy("surrogate"), load_policy("safe-harbor"), load_policy("limited-dataset")]
NUMERIC = sorted(one for one in FAMILIES if family_of(one) not in ("name", "description", "state", "country"))


def changed(found: Iterator[Note], model: Callable[[Note], list[Span]] = lambda note: []) -> list[tuple[str, str, str]]:
    """(text, old, new) of every stretch of digits in a phrase that a policy changes into other digits."""
    wrong = []
    for note in found:
        findings = FINDER.find(note.text, None, model(note))
        for policy in POLICIES:
            new = replace(note.text, findings, policy, PATIENT)
            wrong += [(note.text, *one) for one in changed_digits(note, new.text, new.edits)]
    return wrong


def says_anything(note: Note) -> list[Span]:
    """A model that is certain that every number of the phrase identifies somebody, of whatever type."""
    spans = []
    for token in re.finditer(r"\S*\d\S*", note.text[note.start : note.end]):
        start, end = note.start + token.start(), note.start + token.end()
        type = NUMERIC[crc32(note.text[:end].encode()) % len(NUMERIC)]
        spans.append(Span(start, end, type, 1.0, note.text[start:end]))
    return spans


def test_there_are_phrases_by_the_hundred() -> None:
    assert len(phrases()) > 2000


def test_patterns_change_no_clinical_number_into_another() -> None:
    assert changed(notes(each=2)) == []


def test_no_model_makes_another_number_of_a_clinical_one() -> None:
    assert changed(notes(each=1), says_anything) == []


def spans_of_bundled_phi(texts: list[str]) -> dict[str, list[Span]]:
    from openbioner_batch.catalog import resolve_types
    from openbioner_batch.deid.recognizers import MODEL_TYPES
    from openbioner_batch.model import Tagger

    tagger = Tagger.from_pretrained("bundled-phi", dtype="float32")
    return dict(zip(texts, map(list, tagger.tag(texts, resolve_types(MODEL_TYPES), words="pieces")), strict=True))


@pytest.mark.parametrize("share", [20, pytest.param(1, marks=pytest.mark.slow)])
def test_the_bundled_model_makes_no_other_number_of_a_clinical_one(share: int) -> None:
    wanted = phrases()[::share]
    spans = spans_of_bundled_phi([note.text for note in notes(wanted, each=1)])
    assert changed(notes(wanted, each=1), lambda note: spans[note.text]) == []


def surrogates(text: str, known: KnownIdentifiers | None = None, model: list[Span] | None = None) -> Replaced:
    return replace(text, FINDER.find(text, known, model or []), POLICIES[0], PATIENT)


@pytest.mark.parametrize(
    "text",
    [
        "GI: melena resolved. EGD <3/6> (Haverford).",
        "Vaccines: flu <10/5>.",
        "Foley out <9/5>.",
        "seen <3/3>, <3/5> and again <3/9> for this.",
        "CT CAP <9/3>. Husband has it.",
        "F/u Dr. Adisa <8/1>",
        "OB US wk of <8/12>: growth.",
        "LMP <8/14>, EDC <5/21/25>.",
        "d/c'd <7/8>. To rehab.",
        "BPs: <10/30> 142/88, <10/31> 151/90.",
        "Growth: <02/02> 7.1 kg.",
        "INR <3/3> 2.1, <3/10> 3.4.",
        "Plavix held since <3/5>, restarted.",
        "LKW 2300 on <1/30>.",
        "A1c 9.4 <6/20>. Fax later.",
        "Recheck <5/9>.",
        "sched <7-19> w/ Farrow NP",
        "born <22.9.48>, seen <3/4/2021>",
        "PPM gen change <3.21.24>: out",
        "MRN <44719028>, then <44719028> again",
        "rm <412> quiet",
        "Pt in MICU <4>. To floor.",
        "cell <503-555-0188>.",
        "pgr <31-774>, office ext <5-2290>",
        "12 Oak St, Portland, OR <97201>",
        "Visa ending <8093>, paid",
        "92yo man, <92>F",
    ],
)
def test_what_is_proven_becomes_another_number(text: str) -> None:
    plain = re.sub("[<>]", "", text)
    new = surrogates(plain)
    assert "[" not in new.text, new.text
    assert new.text != plain
    for marked in re.finditer(r"<([^>]+)>", text):
        at = len(re.sub("[<>]", "", text[: marked.start()]))
        assert any(edit.start <= at < edit.end for edit in new.edits), marked[1]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("SCAT5 sx 3/22, SAC 28.", "SCAT5 sx [DATE], SAC 28."),
        ("PT visit 3/10 done", "PT visit [DATE] done"),
        ("MMR 2/2 given", "MMR 2/2 given"),
    ],
)
def test_what_may_be_a_count_becomes_a_tag_or_stays(text: str, new: str) -> None:
    assert surrogates(text).text in (new, text)


def test_a_doubtful_number_is_not_made_coarser_either() -> None:
    text = "Humalog 8/8/10 with meals"
    found = FINDER.find(text)
    assert "2010" not in replace(text, found, POLICIES[1], PATIENT).text


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("UOP 1840 mL, seen at 1840.", "UOP 1840 mL, seen at [MRN]."),
        ("Lipase 1840. MRN 1840.", None),
    ],
)
def test_a_short_known_number_is_replaced_by_another_behind_its_label_only(text: str, new: str | None) -> None:
    known = KnownIdentifiers.from_fields({"mrn": "1840"})
    became = surrogates(text, known).text
    if new:
        assert became == new
    else:
        assert became.startswith("Lipase 1840. MRN ")
        assert re.fullmatch(r"Lipase 1840\. MRN \d{4}\.", became)
        assert "MRN 1840" not in became


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("femur sz 5 CR ref 5510-F-501 lot KMT9V1, insert 9 mm", "femur sz 5 CR ref [ID] lot KMT9V1, insert 9 mm"),
        ("dialysis chair 0545, walker", "dialysis [ROOM], walker"),
    ],
)
def test_a_makers_number_and_a_time_behind_a_chair_become_tags(text: str, new: str) -> None:
    assert surrogates(text).text == new


@pytest.mark.parametrize(
    "text",
    [
        # ages
        "gran <92>, lives alone",
        "gran <110> lives alone; gran {111} lives alone",
        "Ma <95> is well, ma {120} is well, MA {95} set",
        "walked {95} M today, pt <95> M with cough",
        "pt <102> M with cough",
        "Pt is <104> M.",
        "this {101} M walked",
        "aged {97.5}, slept",
        "aged <97.5> years, slept",
        "{101} F",
        "mother <101> F with cough",
        "Ann Lee, <101> F",
        # telephones
        "x{4417}",
        "Dr. Lee x<4417>",
        "call RN x<4417>",
        "Please call, x<4417>",
        "(x<4417>)",
        "squats x{1000} reps, lipase x{5000}",
        "Dr Lee <617-1234>",
        "called {617-1250}, called <617-1234> twice",
        "Jane Roe, {617 555 0142}",
        "Mercy Clinic <617-1234>, Mercy Hospital <617 555 0142>",
        "Dr. Jane Roe <6171234> called",
        "called <555 214 4417> back",
        "results {120 118 1400} at noon",
        "<617 123 4567> (cell)",
        # machines, accounts, files
        "from <10.1.2.3>, pinged <10.1.2.4> twice",
        "ip <3.1.2.4>, EC {3.1.1.4}, v {10.2.3.4}",
        "host <fe80::1>",
        "logged in as <jsmith4>, by {JD4}",
        "user: <CD4>",
        "see <x.org/a1>",
        "file <scan0412.jpg> sent",
        # days
        "admitted <3/4-3/7/21>",
        "from <7/3-7/12>",
        "rash <8/3-10/12>",
        "reps {8/3-8/12}",
        "from {3/4-5/4}",
        "methadone {10/10/20}, Ritalin {4/15/20}, Plavix {10/10/20}",
        "seen <05/10/20>, flowrate <5/10/20>",
        "<05.10.20> note",
        "{5.10.20} note",
        "<5.13.20> note",
        "<5.10.33> note",
        "{Aug 8} pos, seen <Aug 8>.",
        "rate {2/2000} in <4/2020>",
        "DOB <120119>, seen <March 4>.",
        # numbers
        "badge <4417> Jane Roe",
        "<#44171> here",
        "Card <4111 1111 1111 1111>",
        "{4111 1111 1111 1112} there",
        "paid <4111-1111-1111-1111>, <4111111111111111> too",
        "VIN <1HGBH41JXMN109186>, IBAN <GB82 WEST 1234 5698 7654 32>",
        "<AB1234563> given",
        "MRN {120 118}",
        "MRN {1200-1400}",
        "ID {1200 1400}",
        "acct {120 1180}",
        "lot {44171} of 50000",
        "MRN: <123>, acct <4417>",
        "helo <N441AB> landed",
        # places
        "crash on <I-95>, drove off <US 40>",
        "lives on <Route 9>",
        "{12 Oak Way}",
        "lives at <12 Oak Way>",
        "{12 Insulin Dr}",
        "{33 Foley St}",
        "{12 Elm Dr} Lee",
        "<12 Elm Dr>",
        "{5 Fr Oak St}",
        "Boston, MA <02115>",
        "Boston, MA {97201}",
        "Boston, Massachusetts <97201>",
        "<02115> Boston",
        "GPS <42.3601, -71.0589>",
        "2/3 {42.3601, -71.0589}",
        "<bed 4>, slept",
        "{room 4} of 5",
        "{room 12} tabs",
        "{MICU 4} days",
    ],
)
def test_what_stands_around_a_number_proves_it_or_does_not(text: str) -> None:
    plain = re.sub("[<>{}]", "", text)
    findings = [one for one in FINDER.find(plain) if any(map(str.isdigit, plain[one.start : one.end]))]
    unproven = unproven_numbers(plain, FINDER.find(plain))
    marked = {
        (len(re.sub("[<>{}]", "", text[: one.start()])), one[2]): one[1] == "<"
        for one in re.finditer(r"([<{])([^>}]+)[>}]", text)
    }
    assert {(one.start, plain[one.start : one.end]): one not in unproven for one in findings} == marked


def test_a_known_postal_code_needs_letters_where_nothing_else_speaks_for_it() -> None:
    for code, text, proven in (
        ("SW1A 1AA", "came from SW1A 1AA today", True),
        ("97201", "temp 97201 today", False),
        ("97201", "zip 97201 today", True),
    ):
        found = FINDER.find(text, KnownIdentifiers.from_fields({"zip": code}))
        assert [text[one.start : one.end] for one in found] == [code]
        assert (unproven_numbers(text, found) == []) == proven
