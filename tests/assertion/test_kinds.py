"""Kinds of sentences that were read wrong: mentions as `[words](flags)`, with nothing in the parentheses for none."""

from __future__ import annotations

import pytest

from openbioner_batch.assertion import Asserter, SectionFinder, load_headers, load_rules
from openbioner_batch.records import Span
from openbioner_batch.training.marks import read_marks

ASSERTER = Asserter(load_rules(), load_headers())
FINDER = SectionFinder(load_headers())

ADJECTIVES = [
    "Non-reassuring [tracing](), [bradycardia]().",
    "Abdomen soft, non-distended, with mild [guarding]().",
    "She is a [non-drinker](negated), and he a non-[drinker](negated).",
    "[non-bloody emesis]() overnight",
]
OBJECTS_AND_COMPLEMENTS = [
    "The [nodule]() does not appear to be growing.",
    "The [effusion]() doesn't appear loculated.",
    "Patients with [diabetes]() did not develop [retinopathy](negated).",
    "She hasn't developed [jaundice](negated).",
    "He does not seem to have [photophobia](negated).",
    "The [lesion]() was not felt to be malignant.",
    "Patients with [asthma]() were not found to have [COPD](negated).",
    "[Rash](negated) did not develop. [Toxicity](negated) did not appear during follow-up.",
]
NOUNS = [
    "In the absence of [estrogen](negated), [bone loss]() accelerates.",
    "In the absence of [fever](negated), [cough](negated) or [chills](negated), antibiotics are not needed.",
    "Lack of [dystrophin](negated) causes [muscular dystrophy]().",
    "Absence of [mutations](negated) among [carriers]().",
    "Mice lacking [Rb](negated), [p107](negated) and [p130](negated) develop [retinoblastoma]().",
    "Without [vitamin C](negated), [scurvy]() develops.",
    "Men without [diabetes](negated) or reduced [sensation](negated) had more [gout]().",
    "Patients with no history of [stroke](negated historical) developed [dementia]().",
    "Women with a history of [miscarriage](historical) had more [anxiety]().",
]
BOXES = [
    "[ ] [Asthma](negated)\n[X] [COPD]()\n[ ] [Gout](negated)",
    "[x] [Asthma]() [ ] [COPD](negated)",
    "☐ [fever](negated) ☒ [cough]()",
    "[Rash](): [x] Yes [ ] No",
    "[Rash](negated): [x] No [ ] Yes",
    "[Cough](): [x] yes [ ] no [Rash](negated): [ ] yes [x] no",
    "[Chest pain](negated): ☐ Yes ☒ No",
]
LISTS = [
    "[Nausea](negated), [vomiting](negated), [diarrhea](negated): none.",
    "[Nausea](negated), [vomiting](negated) or [diarrhea](negated) not seen.",
    "Eyes: [icterus](negated), [pallor](negated) or [discharge](negated): absent",
    "PMH: [CAD](historical), [gout](historical), [tobacco](historical negated): none",
    "[Headache]() present, [fever](negated) denied.",
    "Reports [nausea](), [vomiting]() and [rash](negated) denied.",
    "[dyspnea](negated) (denies), [wheeze]() (yes)",
]
ITEMS = [
    "(a) no [stroke](negated) (b) [seizure]()",
    "#1: no [DVT](negated) #2: [cellulitis]()",
    "i) no [ascites](negated) ii) [jaundice]()",
    "1- no [fracture](negated) 2- [sprain]()",
    "Grade a) or worse: no [pain](negated), [stiffness](negated).",
]
CONTRASTS = [
    "w/o [chills](negated) w/ [sweats]()",
    "hx of [COPD](historical) p/w [dyspnea]()",
    "No [nodules](negated), [cyst]() is seen.",
    "No [mass](negated), [nodule](negated), or [cyst](negated) is seen.",
    "No [vomiting](negated), just [nausea]().",
    "[DVT](negated) ruled out and [cellulitis]() found.",
    "[Gout](negated) excluded, [sepsis]() confirmed; [rash](negated) denied, [itch]() worse.",
    "[Pulses](negated) absent, [edema]() present.",
]
NUMBERS_AND_DATES = [
    "Specimen no. 7: [adenoma]()",
    "Case no 14 had [melanoma]().",
    "May 2019: [fall](). In May 2020 [stroke]() occurred.",
    "Denies [pain](negated) per pt. [Edema]() noted.",
    "No [fever](negated), [chills](negated), etc. [Cough]() since Monday.",
]
WORDS = [
    "He wasn't [icteric](negated). They aren’t [diabetic](negated).",
    "The [rash]() isn't improved.",
    "She was ruled out for [TB](negated).",
    "Pertinent negatives included [syncope](negated) and [palpitations](negated).",
    "I doubt [meningitis](negated).",
    "No doubt this is [gout]().",
    "[Sepsis](negated) less likely given normal lactate.",
    "The [treated]() were less likely to relapse.",
    "Unlikely [angina](negated).",
    "Negative [Murphy's sign](negated), positive [Babinski]().",
    "Positive and negative [attitudes](). The negative [effects]() are known.",
    "Hx [CABG](historical). No hx [gout](negated historical).",
    "Consider [sarcoidosis](uncertain). Consider starting [aspirin]().",
    "It is not known whether [obesity](uncertain) matters.",
    "Cares for father who has [Parkinson disease](family).",
    "Brought in by mother who reports [fever]().",
    "[Cancer](family): maternal aunt. [CAD](family) (father), [gout]().",
    "? [DVT](uncertain)\nDx: ? [Sepsis](uncertain)",
]


@pytest.mark.parametrize(
    "marked",
    [
        *ADJECTIVES,
        *OBJECTS_AND_COMPLEMENTS,
        *NOUNS,
        *BOXES,
        *LISTS,
        *ITEMS,
        *CONTRASTS,
        *NUMBERS_AND_DATES,
        *WORDS,
    ],
)
def test_what_is_said_of_each_mention(marked: str) -> None:
    text, marks = read_marks(marked)
    spans = [Span(start, end, "finding", 1.0, text[start:end]) for start, end, _ in marks]
    said = ASSERTER.read(text, spans, FINDER.find(text))
    assert [set(one.words) for one in said] == [set(flags.split()) for _, _, flags in marks]
