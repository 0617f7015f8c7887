"""The words of clinical writing, read once from `clinical.yaml`, and the stems of such words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from openbioner_batch.deid.recognizers.lexicon import lexicon

_STEM = re.compile(
    r"\w{2,}(?:"
    # stems of nonproprietary names of drugs, as WHO and USAN assign them
    r"mab|tinib|ciclib|parib|pril|sartan|statin|olol|azole|cillin|cycline|mycin|micin|floxacin|parin|xaban|gatran|"
    r"gliptin|"
    r"gliflozin|glutide|glitazone|tidine|prazole|dipine|azepam|zolam|barbital|caine|tadine|setron|triptan|phylline|"
    r"terol|"
    r"asone|olone|onide|profen|thiazide|semide|dronate|fibrate|rifampin|ampin|oxetine|triptyline|peridol|azosin|afil|"
    r"lukast|grel|platin|taxel|rubicin|bine|trexate|ciclovir|navir|buvir|tegravir|mivir|oxone|orphan|codone|morphone|"
    # Endings of Greek and Latin terms.
    r"ologists?|iatrists?|iatricians?|ologic(?:al)?|itis|osis|emia|uria|ectomy|otomy|ostomy|oscopy|plasty|algia|pathy|"
    r"ography|ometry|plegia|paresis|cytes?|penia|philia|"
    r"megaly|rrhea|rrhage|rrhoea|iasis|esthesia|ectasis|stasis|trophy|"
    r"(?:carcin|sarc|lymph|melan|myel|aden|hemat|gli|fibr|lip|granul|papill|meningi|terat|semin|glauc|blast)oma"
    r")s?",
    re.IGNORECASE,
)
_SHORTEST_WITH_STEM = 6


@dataclass(frozen=True, slots=True)
class ClinicalWords:
    """Sets of words in small letters."""

    abbreviations: frozenset[str]
    """Shorthand: hx, CABG."""
    measures: frozenset[str]
    """Names of measurements: INR, BNP."""
    words: frozenset[str]
    """Names of drugs, findings, devices; roles."""
    phrases: re.Pattern[str]
    """Terms of several words."""

    def knows(self, word: str) -> bool:
        """Whether a word is clinical writing: in a list, or formed like a drug or a term.

        Shorthand in the case of a name ("Ana", "Art") does not count where it is a frequent given name.
        """
        small = word.lower()
        if small in self.words or small in self.measures or small.removesuffix("s") in self.words:
            return word.islower() or small not in lexicon().given_names
        if small in self.abbreviations:
            return word.islower() or (word.isupper() and len(word) > 1) or small not in lexicon().given_names
        return len(word) >= _SHORTEST_WITH_STEM and _has_stem(word)


@lru_cache(maxsize=65536)
def _has_stem(word: str) -> bool:
    return _STEM.fullmatch(word) is not None


@cache
def clinical_words() -> ClinicalWords:
    """The words in the package."""
    import yaml

    data = yaml.safe_load(files(__package__).joinpath("clinical.yaml").read_text(encoding="utf-8"))
    phrases = sorted((phrase.strip() for phrase in data["phrases"].split(";")), key=len, reverse=True)
    pattern = "|".join(re.escape(phrase).replace(r"\ ", r"[ \n]").replace("'", "['’]") for phrase in phrases)
    return ClinicalWords(
        frozenset(data["abbreviations"].split()),
        frozenset(data["measures"].split()),
        frozenset(data["words"].split()),
        re.compile(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", re.IGNORECASE),
    )
