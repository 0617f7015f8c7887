"""Invented people: patients, their relatives, clinicians, with names of many origins."""

from __future__ import annotations

import importlib
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from synthetic_notes.sides import on_side

ORIGINS = {
    "en_US": 46, "es_MX": 8, "es_ES": 2, "en_GB": 4, "en_IN": 5, "de_DE": 3, "fr_FR": 2, "fr_CA": 2, "it_IT": 3,
    "pt_BR": 3, "nl_NL": 2, "sv_SE": 2, "tr_TR": 1, "vi_VN": 2, "fi_FI": 1, "hu_HU": 1, "cs_CZ": 1, "ro_RO": 1,
    "no_NO": 1, "yo_NG": 1, "ha_NG": 1, "en_KE": 1, "hr_HR": 1, "da_DK": 1, "lv_LV": 1, "zu_ZA": 1, "id_ID": 1,
    "east_asia": 4, "arabic": 3, "slavic": 3, "pacific": 1,
}  # fmt: skip
"""How often a name comes from where: Faker's stocks, and four of our own that Faker has not in Latin letters."""

_OWN = {
    "east_asia": (
        "Mei Xiu Ying Lan Hui Min-ji Soo-yeon Yuki Sakura Aiko Haruka Ji-woo Xiaoling Yan Fang Keiko Naoko Eun-ji",
        "Wei Jian Hiroshi Kenji Min-jun Seung-ho Takumi Jun Bo Chao Daichi Hao Lei Satoshi Dong-hyun Tao Yong Zhiwei",
        "Wang Li Zhang Chen Liu Yang Huang Zhao Wu Zhou Xu Sun Ma Hu Guo Lin Kim Lee Park Choi Jung Kang Cho Yoon Tanaka "
        "Suzuki Sato Yamamoto Watanabe Ito Nakamura Kobayashi Mori Ong Tan Chua Ho Yu Ng Cheung Leung",
    ),
    "arabic": (
        "Fatima Aisha Layla Noor Zainab Maryam Huda Salma Rania Yasmin Amina Khadija Samira Dalia Reem",
        "Mohammed Ahmed Omar Ali Hassan Yusuf Ibrahim Khalid Tariq Bilal Karim Samir Mustafa Abdullah Faisal Nabil",
        "Al-Sayed Haddad Khoury Nasser El-Amin Abboud Mansour Saleh Rahman Aziz Hussein Farouk Al-Masri Bakr Qureshi "
        "Siddiqui Malik Sheikh Darwish Najjar Sabbagh ben-Ali",
    ),
    "slavic": (
        "Olga Svetlana Natalia Irina Katarzyna Agnieszka Milena Jelena Oksana Ludmila Zofia Bozena Tatiana Galina",
        "Dmitri Sergei Vladimir Piotr Andrzej Milan Goran Oleksandr Bogdan Zoran Wojciech Igor Pavel Stanislaw Nikolai",
        "Petrov Ivanova Kowalski Nowak Wisniewski Jankovic Markovic Shevchenko Kuznetsov Wojcik Zielinska Popov Sokolova "
        "Dragovic Bondarenko Mazur Stepanenko Krawczyk Orlov Volkov Baranowski",
    ),
    "pacific": (
        "Leilani Malia Kalani Sina Mele Noelani Ana Luisa Maricel Rosario",
        "Keoni Tavita Sione Makoa Junior Rodel Jun Benigno Kai Manu",
        "Kealoha Kahananui Tuiasosopo Faleolo Mahoe Santos dela-Cruz Bautista Reyes Manalo Aquino Tupou Latu Pangilinan",
    ),
}  # fmt: skip

NICKNAMES = {
    "William": "Bill", "Robert": "Bob", "James": "Jim", "Richard": "Dick", "Margaret": "Peggy", "Elizabeth": "Betty",
    "Katherine": "Kate", "Michael": "Mike", "Thomas": "Tom", "Joseph": "Joe", "Patricia": "Pat", "Susan": "Sue",
    "Charles": "Chuck", "Edward": "Ed", "Christopher": "Chris", "Daniel": "Danny", "Deborah": "Deb", "Anthony": "Tony",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's name, the parts of it that notes use, and whether they are a woman."""

    first: str
    middle: str
    last: str
    female: bool

    @property
    def initials(self) -> str:
        """The first letters of all parts, such as JRW."""
        return "".join(part[0] for part in (self.first, self.middle, self.last) if part).upper()

    @property
    def title(self) -> str:
        """Ms. or Mrs. for a woman, by the length of her name, and Mr. for a man."""
        return ("Mrs." if len(self.first) % 2 else "Ms.") if self.female else "Mr."


@dataclass(frozen=True, slots=True)
class Relative:
    """A person and what he or she is to the patient."""

    person: Person
    relation: str


RELATIONS = {
    True: ("wife", "mother", "daughter", "sister", "aunt", "niece", "granddaughter", "partner", "neighbor", "girlfriend"),
    False: ("husband", "father", "son", "brother", "uncle", "nephew", "grandson", "partner", "friend", "stepfather"),
}


def draw_person(chance: random.Random, side: str | None, family: str = "", female: bool | None = None) -> Person:
    """Somebody new whose names are on `side`; `family` is the surname that is to be shared."""
    origin = chance.choices(list(ORIGINS), list(ORIGINS.values()))[0]
    female = chance.random() < 0.55 if female is None else female
    firsts, lasts = _names(origin, side)[0 if female else 1], _names(origin, side)[2]
    if origin == "en_US" and chance.random() < 0.4:
        # Half of a hospital's patients bear frequent names: the stocks are in order of frequency.
        firsts, lasts = firsts[:60], lasts[:120]
    first, last = chance.choice(firsts), family or chance.choice(lasts)
    if not family and chance.random() < 0.05:
        last = f"{last}-{chance.choice(lasts)}"
    middle = chance.choice(firsts) if chance.random() < 0.35 else ""
    if chance.random() < 0.3:
        first, middle, last = plain(first), plain(middle), plain(last)
    return Person(first, middle, last, female)


def draw_relative(chance: random.Random, side: str | None, patient: Person) -> Relative:
    """A relative or friend of `patient`, most often of the same surname."""
    female = chance.random() < 0.6
    relation = chance.choice(RELATIONS[female])
    if relation in ("wife", "husband"):
        female = not patient.female
        relation = "wife" if female else "husband"
    family = patient.last if relation not in ("neighbor", "friend") and chance.random() < 0.6 else ""
    return Relative(draw_person(chance, side, family, female), relation)


def plain(name: str) -> str:
    """The name without accents, as most hospital systems store it."""
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@cache
def _names(origin: str, side: str | None) -> tuple[list[str], list[str], list[str]]:
    """Women's, men's and family names of an origin that are on `side`."""
    if origin in _OWN:
        stocks: Sequence[Sequence[str]] = [names.split() for names in _OWN[origin]]
    else:
        provider = importlib.import_module(f"faker.providers.person.{origin}").Provider
        stocks = [list(getattr(provider, kind)) for kind in ("first_names_female", "first_names_male", "last_names")]
    women, men, families = (
        on_side((name for name in stock if len(name) > 1), side) or list(stock) for stock in stocks
    )
    return women, men, families
