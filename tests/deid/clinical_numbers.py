"""Clinical numbers by the hundred, in many styles of notes: none of their digits may become another one.

`phrases` multiplies measures, doses, scores, counts and codes with numbers; `notes` sets each into the styles of wards,
clinics, dictation, tables and messages. Nothing in a phrase identifies anybody; the styles hold identifiers beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from zlib import crc32

from openbioner_batch.deid.replacing import Edit

_MEASURES = """
visit session treatment tx PT|visit OT|visit home|visit HBO|dive dive fraction fx XRT|fx dose shot vaccine MMR HPV
Hep|B DTaP PCV IPV varicella Shingrix covid|vaccine rotavirus rabies flu|shot RSV cycle C2 chemo infusion IVIG HD
dialysis class group step phase week wk day abx|day month goals|met sets reps words recall items meals voids BM
troponin trop cultures BCx AFB sputum urine|cx nodes LNs SLN cores margins compartments monofilament pulses DTR
strength power pain SCAT|sx SCAT5|sx sx symptoms ROS criteria Duke|criteria SIRS Jones Wells CURB-65 qSOFA SOFA
CHADS CHA2DS2-VASc HAS-BLED Mayo ECOG NYHA ASA Mallampati Gleason grade|group ISUP FIGO Allred ER PR Nottingham
Fuhrman PIRADS PI-RADS TIRADS LI-RADS Deauville KL Outerbridge Wagner Koos mRS NIHSS Hunt-Hess Fisher ASPECTS
Aldrete Apgar Bishop Ballard PAS FOIS murmur SEM edema bounce Braden Norton Tinetti Berg FIM FAST PPS ESAS|pain
PHQ-9 PHQ-2 GAD-7 MDQ CAGE AUDIT-C MMSE MoCA Mini-Cog SLUMS CAM GDS EPDS BESS SAC GCS RASS CIWA COWS screen|score
score scored screening admission|score final|score returned completed refill fills kit|returned pills|returned
tabs|left seizures|this|wk falls episodes stools nights naps feeds bottles PO|feeds breastfeeds latch|score
consult|note part slide block section image view film lead electrode level rib toe finger digit joint tooth quadrant
lobe segment moved|extremities checked positive given taken
""".replace("\n", " ").split()
"""What a part of a whole stands behind: "visit 3/10", "MMR 2/2"."""
_PARTS = ("2/2", "3/10", "1/3", "3/22", "8/9", "4/12", "6/28", "10/12")

_SETTINGS = """
BiPAP CPAP IPAP/EPAP NIV AVAPS PS PC PSV CPAP/PS vent|on on|BiPAP since|BiPAP PIP/PEEP ET/HFO ASV trilogy
trach|collar bilevel H/H H&H Hgb/Hct AST/ALT BUN/Cr T/D|bili I/O I&O drains JP|out PAP PA PCWP CVP ratio carb|ratio
ICR ISF VA OD OS OU vision IOP C/D refraction JAMAR grip pinch ROM hip|ER/IR K/Na ABI toe|pressure PVR voided/PVR
UOP|q4 lispro Humalog insulin NPH Lantus Novolog|with|meals Levemir AM/PM Suboxone Zubsolv Adderall Ritalin Focalin
Lotrel Caduet Vytorin prednisone pred Lasix torsemide K|PO methadone oxy Prandin Sinemet gabapentin clozapine
lithium Coumadin warfarin levothyroxine hydrocort NaCl|tabs weaned|from cut|to decreased|to dec|to increased|to
up|to down|to
""".replace("\n", " ").split()
"""What two numbers in any order stand behind: pressures, doses in the morning and evening, left and right."""
_PAIRS = ("10/5", "12/5", "8/2", "4/1", "12/8", "30/12", "24/10", "10/10", "5/10")

_TRIPLES = """
Humalog lispro insulin gabapentin methadone Ritalin Adderall prednisone Apgar Apgars drains JPs I/O clozapine
baclofen hydrocortisone levodopa Prandin oxycodone reps sets BPs sats voids stools scores pain at|meals TID split
dose doses ROM strengths teeth depths probing|depths pockets
""".replace("\n", " ").split()
_THREES = ("8/8/10", "10/10/20", "8-8-10", "6/10/12", "5-5-10", "12/10/8", "3/2/13", "2-3-23", "12 8 10")

_PLAIN = r"""
Norco 5/325 | Percocet 10/325 x2 | Augmentin 875/125 | Bactrim 800/160 | Sinemet 25/100 TID | Advair 250/50
Symbicort 160/4.5 | Entresto 24/26 | Trelegy 100/62.5/25 | NAC 150/50/100 | TPN 5/15/20 | lisinopril-HCTZ 20/12.5
Bidil 20/37.5 | Janumet 50/500 | 1/2 tab | 1/2 NS at 75 | 3/4 strength | D5 1/2 NS | epi 1:100,000 | lido 1/4 %
may 1/2 tab prn | 3/4 NS | heparin 25000/250 | penicillin 2400000 u | 1200000 units | CFU 100000
viral load 1200000 | HCV RNA 2450000 | CMV PCR 3450 | hCG 48210 | CK 12400 | ferritin 4410 | lipase 1840 | AFP 8810
BNP 4820 | CA-125 312 | CD4 212 | TSH 9.12 | plt 12 | WBC 1200 | IgE 12400, IgG 1125 | quant 48210 yesterday
tryptase 1120 | ANC 1810 | ALC 1204 | CEA 1240 | CA 19-9 4410 | PTH 1125 | troponin 0.0123, 0.0345
p 0.0012, 0.0345 | HR 1.2345, 2.3456 | INR 2-3 | target 200-1250 | range 250-1200 | HU 400-1250 | DLP 612-1140
glucose 250-1240 | kcal 200-1250 | counts 450-1250 | reads 300-4410 | calories 250-1850 | +1200 -1450
+2200 -1450 +300 | net +1200/-1450 | 0412 138 102 | 0600 250 140 | 0412 138 1024 | 0600 120 1180 | 120 118 122
called 120 118 1220 | call 4 times | called x3 | text 200 300 400 | page 12-14 | pages 110-125 | phone 10-15 min
ext 110 | flex 120, ext 100 | flexion 130 extension 110 | flex/ext 120/30 | x2000 reps | x1200 mL | x4000 rpm
x1000 cals | 12 of 40 | 2 of 12 sessions | dose 2 of 3 | case 12 of 40 | visit 4 of 10 | visit 1200
plan 12000 kcal | plan 18000 steps | order 10000 units | study 1200 of 4410 | report 12-14 wks | path 4/12 nodes
case 1204 pts | subject 12 of 40 | card 12 of 20 | run 12000 m | sample 24500 cells | session 12 of 36 | bin 12-20
refill 12345 doses | CPT 99213, 36415 | ICD E11.9 | DRG 470 | MS-DRG 871 | HCPCS J0897 | LOINC 2345-7
SNOMED 44054006 | rs1042522 | code 99214 | L858R | V600E | c.68_69delAG | p.R175H | T790M | HLA-B*57:01
CYP2D6*4/*4 | t(9;22) | del(17p) | 1p/19q | C677T | CAG 42/17 | NM_000546.5:c.215C>G | BRCA1 5382insC | FMR1 55/200
CD34+ 4.2 | CD19 28Z CAR | CAR T CD19 28Z | HPV16/18 | CK20, CK7 | positive by CK20 | prior CT2 | read by MRI2
stained by CD138 | session PT3 | per PET2 | by HPV16 | EC 1.1.1.27 | v2.4.1.10 | T2N1M0 | pT3 N1a (2/24)
N1 2LN pos | T1 2LN | G3 2TA | G2 1AB | L4 5LS disc | C12 4DAY course | A12 40KC | T38 90HB | stage 3A to 3B
CKD from 3A to 3B | FIGO from 2A to 3C | downstaged to 2B | upgraded to 3C | AKI now on 2B | TICI up to 2B
moved to 3 pm | transferred from 2A to 3B stage | moved 4 extremities | moved to 2/wk | INR moved to 1/wk
moved to 18 units | up in chair x2 | chair 2 h | bed rest 2 d | bed alarm 2 zones | bed 2 assist | hall 200 ft
hallway 3 laps | floor 3 laps | unit 2 PRBC | unit #2 | room air 94 | RA 96 | ward rounds 3 | cell 4 | cell count 12
station -2 | station 2 | floor transfers 3 | bay 2 windows | chair transfers 4 | level 3 | OR 2 (95% CI 1-9)
OR 3.2 | theatre 2 h | stretcher 2 man | stat 5 | ch 3 | ward 2 wks | resus 2 L | trolley 4 hrs | ICU 3 d
MICU day 4 | ED 3 h | PACU 2 h | tele 3 d | pod 2 | POD 4 | HD 5 | DOL 12 | 1) K 2) Mg 3) Phos
1. Tylenol 2. Motrin 3. Zofran | 2) Zofran 4 3) Reglan 10 | 4. Home 5. SNF | 2 Zofran 3 Reglan 4 Haldol
20 Lasix Dr aware | took 40 Lasix, Dr aware | 22 Fr Three Way | 28 Fr Right Ct | 4 Right Point | 2 Small Bowel Loop
3 Specimens Path | 2 Wounds Close | 4 Sponge Square | 18 Fr Coude Way | 2 Drains Place | 12 Lead Row | 40 Lasix Dr
100 Lovenox Ave | 5 Oxy Way | started on I-131 | I-131 150 mCi | on I-125 seeds | on I-123 scan | on US 2 wks
near 20/20 | on FM 10 | by US 36 | on I-131 last wk | BP 98/50 | BP 124/92 | MAP 92 | HR 98 | HR 112-125 | RR 22
T 98.6 | T 98 F | T 99 F | T 98F | sat 98 | O2 94 RA | 94% 2L | SpO2 91 on 4 | wt 98 | wt 102 kg | BMI 31 | EF 35/40
HR 90s | SBP 90s | DBP 90s | pulse 90-110 | UO 30/h | EBL 150 | gran 125 | 80% gran, 125 mmHg | gran, 98 mmHg
ma, 120 kV | PA 98 mean | pa, 101 mmHg | mother, 98 kg | son, 100.4 F | sister, 99 kg | dad 98 kg | wife, 104 kg
he is 98 kg | he is 94 on RA | she is 110/70 | pt is 98 F | pt is 92 on 2 L | patient is 101.2 | pt is 98 percent
he was 92/40 | turned 90 deg | turned 120 degrees | turning 90 degrees | almost 100 mL | nearly 95 cc
will be 100 mL | to be 110 mg | reached 98 bpm | reached 100 W | living 98 days | died at 98 minutes
alive at 100 months | turned 95 times | almost 90 mmHg | nearly 110 bpm | walked 100 M | 100 M walk | 94 M/s
120 F cath | 90 F needle | MA 100 | mA 120 | kVp 120 M | 98 M/L | 110 F wire | 94 W | 100 B | ESR 98 | CRP 112
LDL 98 | BUN 94 | BUN 102, Cr 9 | Cl 98 | Na 120 | glu 92, 98, 110 | BG 96 last week | K 4, 98, stable
Cl 101, Na 140 | 18g | 20 ga R AC | 14 Fr 40 cm | 16/18 G | 7-0 Prolene | 2-0 vicryl | 3-0 silk | #15 blade
#7 Shiley | ETT 7.5 @ 23 | 7.5/22 lip | 12/5 mm trocars | 1/4 inch packing | 3/8 needle | 1/2-inch | 4.2 x 3.1
12 x 8 | mesh 22/40 | size 6/7 | 5/8 circle | 3/16 drain | 10-12 cm | 2-3 wks | 2-4-1 | 8-12 mo | 3-5 visits
4-10 yrs | 5-12 stools | pain 3-10 | visit 3-10 | week 6-12 | day 3-14 | cycle 2-6 | 4500 cGy | 5040/28 fx | 60/30
45/25 | 50.4/28 | TBSA 12 | SCORTEN 2 | Gy 60/30 | PTV 54/27 | boost 10/5 | RT 60/30 done | G3P2 | G4P2012
40 2/7 wks | GA 36 4/7 | EGA 28 3/7 | IUP at 9 2/7 | 6/80/-1 | 4/70/-2 | 10/100/0 | SVE 3/50/-2 | 31w4d | 39+2
FEV1/FVC 62/78 | P/F 180 | 1:2 | SIMV 12/500/5/40 | AC 14/450/5/50 | PC 16/6 r 22 | PEEP 5/10 | RR 12/24 | Vt 450/6
PIP 22/10 | q4 2200/0200/0600 | 0800 1200 1600 | 0930 & 1130 | SROM 0312 | at 0412 | NPO 2400 | 1830-0700 | due 1645
next 1200 | 08 10 12 14 | 4500 5000 5500 6000 | 1200 1400 1600 1800 | BP 98 60 72 A | RR 18 20 22 C | HR 98 97 99 B
3120 4410 5230 6120 | 4111 2222 3333 4444 | dec 10 to 5 | Dec 20 mg | may 2 tabs | Aug 8 tabs | sep 2 | mar 20 mg
dec 5 | jan 10 mL | may 1-2 | oct 20 mcg | Oct 4 pos | MAR 0900 | monitor 2/3 | up 2/4 | 5/10 on VAS
worst 8/10 now 3/10 | 8/10 to 3/10 | 8/10->3/10 | 7/10 - 3/10 | from 8/10 to 2/10 | 4/5 and 3/5 | 2+/4
4/5, 3/5, 5/5 | 3/5 on R, 5/5 on L | 3/10 on L | by 2/3 | in 2/3 | to 3/4 | 10/12 on 2 | 11/12 wnl | 2/3 neg
3/3 neg, 4/4 pos | 1/2 done | 1/3 on Mon dose | 1/4 at noon | 2/3 done | 4/4 by nurse | 3/6 per MD | 2/6 at LSB
NWB 6/52, RTC 3/12 with films | 4/52 off, review 5/7, clinic 3/12 | d/w F1 Priyanka | seen by F2 Jones
6/12 today | 12/24 h | 3/7 days | 5/7 for UTI | 3/12 hx | scored 12/30 at 0900 | pain 7/10 0900
1400 3/10 after dilaudid | pain 3/10 @ 1400 | 0830 4/10, 1230 2/10 | rated 6/10 at 1600 | 12/30 on MoCA | 3/12 on MDQ
2/9 on exam | 5/28 on BESS | 3/15 on exam | 9/12 cores pos | 3/17 LN pos | 2/14 sentinel | 4/18 tender points
28/30 and 12/30 | 12/15 tender | 10/15 lesions | 11/20 trials | 9/20 cards | 6/20 correct | 8/15 reps | 2/15 slides
12/20 sticks | 11/30 pills | four four five five five | two over six | one two zero over eight zero
scored three three four four five | three four five five five | 101 not 110 mg | 98, not 89 | 94 rather than 49
125 not 12.5 | sats 92, 95 & 88 | ratio 98, 101 | 92-95 on 2L | 1956 mL | 2010 kcal | 2/2010 copies | 1/1950
3/2000 cells | 10/2000 | 1/2000 risk | 1/1900 carrier risk | 1 in 2000 | 4/50 cells | 2/60 fields | 12/94 pts | 8/80
3/48 | 5/60 alveoli | 2/64 titer | 1/64 titer | 1/32 | 1/80 ANA | 2/99 tiles | 10/56 | 10.5 | 3.4 | 12.5 | 4.10
5.12 | 3.4 to 5.6 | K 3.4.-3.8. | 10.4 last | due 10.5 | last 3.4 | seen 4.5 | since 5.5 | 02.5 | 01.2 | Zn 30.10
3.12 on 5.1 | from 3.4 to 5.1 | 8.10. | 2.2.20 | 1.2.3 | L 1.2.10 | 10.10.10 mm | sec 1.2.12 | wound 3.2.1 | 4.5.10
lot of 1200 | ID 125 | ID 10 | SS 250 | SS 4 | MR 120 | Rx 500 | Rx 1200 cal | acc 1200 | FIN 120 | ref 125
unit 1234 mL | pt 345 lb | serial 120 118 | serial 12 40 | implant 330 cc | device 1200 | band 10 12 | key 1234
file 3 of 10 | chart 12 hrs | claim 12 | group 4 of 12 | refer 250-300 | ss 200-250 2 u | SSI 250-300 6 u
run 120-130 | sample 1200-1400 | bands 12-15 | order 120-140 | path 12-14 | lot 12-14 | Q2 | for Q4 | until Q2
Q3 dose | 2Q | by Q6 | next Q4 turn | 1Q | in Q2 | week 12 of 20 | wk 6 of 12 | wk 4/2 | Wk 12/24 | level 12500
level 1200 | 12345 platelets | plt 12500 | WBC 12345 | 12000 | 45000 | 4821 | 2500 | 1200 | 1800 | 0145 | 98765
G6PD 1234 | C3 120 C4 30 | T3 120 T4 12 | B12 1204 | B6 125 | D3 50000 | K2 100 | H2 90 | A2 24 | F8 125 | IL6 1240
C1q 125 | P2 48 | E2 4210 | A1 125 | R7 125 | S1 125 | M2 112 | C5 1250 | N95 | V4 100 | L3 125 | T4 N1 | B2 100
D10 250 | D5 125/h | D50 25 | Bed 2 assist x2 | rm temp 98 | room temp 99 | ward 4 h | floor 12 stairs | hall 4 x
chair 5 x STS | OR 12 min | OR 3 h | IR 4
""".strip("\n")
"""Phrases by themselves, parted by bars."""

_STYLES = (
    "{}",
    "Exam today: {}. Plan unchanged.",
    "VSS, {}, d/c soon",
    "A/P: {}; f/u prn",
    "stable ({})",
    "- {}\n- pain ctrl\n- home",
    "{} | stable | RN",
    "Mr. Osei, {}, seen 3/4/2025 by Dr. Lam in rm 412; MRN 44719028.",
    "Pt Haley Stroud {} resting. Mom Dana at bs, cell 503-555-0188.",
    "1420 {}",
    "Overnight: {} noted by K. Mendez RN on 2/7. Next appt Fri 2/14.",
    'Msg: "{}, pls advise" - Bri',
    "ICU day 3. {} this am, better.",
    "d/w Dr. Okafor {}. jh",
)


@dataclass(frozen=True, slots=True)
class Note:
    """A text and where its clinical phrase stands."""

    text: str
    start: int
    end: int


def phrases() -> list[str]:
    """Every phrase once."""
    combined = [
        f"{name.replace('|', ' ')} {value}"
        for names, values in ((_MEASURES, _PARTS), (_SETTINGS, _PAIRS), (_TRIPLES, _THREES))
        for name, value in product(names, values)
    ]
    plain = [one.strip() for line in _PLAIN.split("\n") for one in line.split(" | ")]
    return list(dict.fromkeys([*plain, *combined]))


def notes(wanted: Sequence[str] | None = None, each: int = 3) -> Iterator[Note]:
    """Phrases in the styles of notes, each in some of them, which its own letters choose.

    Args:
        wanted: other phrases than all.
        each: how many styles of a phrase.
    """
    for phrase in phrases() if wanted is None else wanted:
        for step in range(each):
            style = _STYLES[(crc32(phrase.encode()) + 5 * step) % len(_STYLES)]
            start = style.index("{}")
            yield Note(style.replace("{}", phrase), start, start + len(phrase))


_TAG = re.compile(r"\[[A-Z][A-Z _]*\d*\]")


def changed_digits(note: Note, text: str, edits: Sequence[Edit]) -> list[tuple[str, str]]:
    """Stretches of the phrase with digits that became other digits, and what they became; a tag is none.

    Args:
        note: the original.
        text: what became of it.
        edits: how.
    """
    found = []
    for edit in edits:
        old, new = note.text[edit.start : edit.end], text[edit.new_start : edit.new_end]
        digits = [re.sub(r"\D", "", one) for one in (old, _TAG.sub("", new))]
        inside = edit.start < note.end and note.start < edit.end
        shared = note.text[max(edit.start, note.start) : min(edit.end, note.end)]
        if inside and any(map(str.isdigit, shared)) and all(digits) and digits[0] != digits[1]:
            found.append((old, new))
    return found
