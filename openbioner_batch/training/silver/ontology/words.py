"""Words for which dictionary matches are wrong more often than right."""

from __future__ import annotations

from openbioner_batch.concepts.normalising import word_form

COMMON = frozenset(
    word_form(word)
    for word in """all can was has may who art age role aim end top base core part parts point region area site
    group groups set sets unit member molecule application water air light cold hot lead iron gas oil salt
    sugar food milk white black red blue green yellow mental normal other rest test tests shock fall falls
    stress strain failure loss gain growth change changes increase increased decrease decreased reduced left right
    high low large small long short fast slow acute chronic mild moderate severe recurrent progressive frequent rare
    onset frequency severity course presence absence present absent male female sex adult child children infant
    human animal mouse rat patient patients family process system systems structure structures surface body
    organism cell cells tissue tissues compound compounds drug drugs element elements atom atoms ion ions
    object material substance quality response responses activity cap spot spots cast map cat dog fish
    chain net arch root crown neck stem trunk tail head back bed wall floor roof border edge angle
    condition conditions inhibitor inhibitors catalyst intensity extension ball hump bridge control size position
    agent agents solution product products factor factors time treatment state status stage study
    plate band bands line lines layer layers process processes field fields pit pits fold folds canal
    """.split()
)
"""Forms of names that too often mean something else when they are alone in small letters."""

HEADS_OF_OTHER_THINGS = frozenset(
    word_form(word)
    for word in """receptor transporter channel inhibitor antagonist agonist blocker antibody synthase synthetase
    protein gene factor ligand enzyme peptide hormone metabolism transport uptake synthesis biosynthesis
    signaling signalling pathway promoter analog analogue derivative virus vaccine test assay scale score index
    questionnaire program clinic hospital center centre department association society foundation unit ward
    surgery transplantation transplant resection replacement repair biopsy culture cell cells line lines model models
    mouse mice rat rats syndrome disease disorder deficiency cancer carcinoma tumor tumour neoplasm
    infection injury failure fracture pain level levels concentration concentrations""".split()
)
"""Words after a name that make it part of another name."""
