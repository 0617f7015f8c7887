"""What a description says that its type is not, as a description of its own: "a bird" of "any animal but a bird"."""

from __future__ import annotations

import re

_NEGATION = re.compile(
    r"(?i)\b(?:other than|except|but|not|no|nor|never|neither|none|nothing|without|cannot)\b|n['’]t\b"
)
_EXAMPLES = re.compile(r"(?i)(?:: |(?:, | \()(?:e\.g\.|for example|for instance|such as|like|including),? ).*")
_THAT_IS_NOT = re.compile(r"(?i)(.+?[^,])(, that| that| which)(?: (?:is|are)|['’]s) (no|not) (.+)")
_OTHER_THAN = re.compile(r"(?i)(.+?)(,?) (other than|except(?: for)?|but) (.+)")
_AND = re.compile(r"(?i),? (?:or|and) |, ")
_ALL = re.compile(r"(?i)(?:any|every|some)thing$|(?:any|every|all) ")
_OF, _IN = "for|of|from|against", "in|on|at|under|with|within|inside|outside|near|above|below|behind|between|around"
_PREPOSITION = f"(?:{_OF}|{_IN}|to|by|as|into|through|after|before|during|among|about|over|per|since|until|than)"
_DONE = "(?:taken|given|made|used|caused|spread|grown|derived|applied|meant|eaten|swallowed|injected|inhaled)"
_JOINED = re.compile(
    rf"(?i)(?:{_OF}) .+|(?:{_IN}) (?:a|an|the|any) .+|{_DONE} (?:by|for|as|of|from|against) .+|(?:used|meant) to .+"
)
_VERB = "(?:is|are|was|were|be|been|has|have|had|does|do|did|can|may|must|will|would|should)"
_PRONOUN = "(?:it|its|he|his|her|they|them|their|those|these|this|one|ones|same|else|itself|themselves)"
_UNCLEAR = re.compile(rf"(?i)\b(?:{_VERB}|{_PRONOUN}|because|if|when|while|unless|so)\b|[;:?!()\"“”]|[.] ")
_NO_NOUN = re.compile(
    rf"(?i)(?:{_PREPOSITION}|{_DONE}|that|which|who|whose|where|what|such|only|also|always|often|sometimes|yet|both"
    r"|longer|more|less|better|worse|different|\w+ly|\w+ed$)\b"
)
# A head with more than one noun that "other than" may belong to: "a doctor of any animal", "what treats pain".
_NESTED = re.compile(
    rf"(?i)\b(?:that|which|who|whose|where|what|{_VERB})\b|(?<![-\w])(?!living|being|\w*thing)\w+ing\b"
    rf"|(?<!\bpart )(?<!\bparts )\b{_PREPOSITION} (?!the\b)"
)


def excluded(description: str) -> str | None:
    """What a description excludes, if it has the plain form of a complement.

    - "X other than Y", "X except Y", "anything (any, every, all X) but Y": Y. X is one noun phrase ("parts of the
      body") unless a comma stands after it. If X ends in "any (every, all) N" after a preposition, Y takes its place.
    - "X that is (are) not Y", "X that is no Y": Y, if it is a noun phrase that begins with an article or is a plural;
      X and Y, if Y is a phrase such as "for pain", "in the hand" or "taken by mouth".

    Examples at the end (", such as", a colon) are set aside. Everything else is None: a second negation, a remark
    (", not a symptom"), persons "who are not", adjectives, pronouns, what was not done.

    Args:
        description: A type's description.

    Returns:
        The excluded description, no longer than the whole, or None.
    """
    text = re.sub(r"(?i)\b(is|are)n['’]t\b", r"\1 not", " ".join(description.split()))
    text = _EXAMPLES.sub("", text).rstrip(" .,")
    if len(_NEGATION.findall(text)) != 1 or re.match(r"(?i)(?:how|whether|why|when|where|if|who)\b", text):
        return None
    if match := _THAT_IS_NOT.fullmatch(text):
        return _of_relative_clause(match[1], match[2].startswith(","), match[3].lower() == "no", match[4])
    match = _OTHER_THAN.fullmatch(text)
    return _of_other_than(match[1], bool(match[2]), match[3].lower() == "but", match[4]) if match else None


def _of_relative_clause(head: str, comma: bool, no: bool, rest: str) -> str | None:
    if not _is_head(head, comma):
        return None
    if _JOINED.fullmatch(rest) and not no:
        unclear = comma or _UNCLEAR.search(rest) or re.search(rf"(?i)\b(?!of\b){_PREPOSITION}\b", head)
        return None if unclear else f"{head} {rest}"
    return rest if (no or _is_marked(rest)) and _is_noun_phrase(rest) else None


def _of_other_than(head: str, comma: bool, but: bool, rest: str) -> str | None:
    if not _is_noun_phrase(rest):
        return None
    inner = re.fullmatch(rf"(?i)(.+ {_PREPOSITION} )((?:any|every|all) .+)", head)
    if inner and not comma and _is_head(inner[2], comma):
        return None if _UNCLEAR.search(inner[1]) else inner[1] + rest
    if but and (comma or not _is_marked(rest) or not _ALL.match(head)):
        return None
    return rest if _is_head(head, comma) else None


def _is_head(head: str, comma: bool) -> bool:
    return not re.search(r"[;:?!()\"“”]|[.] ", head) and (comma or not _NESTED.search(head))


def _is_marked(phrase: str) -> bool:
    """Whether a phrase shows that it is a noun phrase, not an adjective: by an article, or as a plural."""
    plural = re.compile(r"(?i)(?:(?!\w+(?:ing|ed|en) )[\w-]+ ){0,2}[\w-]+(?<![sui])s")
    return bool(re.match(r"(?i)(?:a|an|the|any|parts? of) ", phrase)) or all(map(plural.fullmatch, _AND.split(phrase)))


def _is_noun_phrase(phrase: str) -> bool:
    if _UNCLEAR.search(phrase) or ("," in phrase and not re.search(r"(?i) (?:or|and) [^,]+$", phrase)):
        return False
    parts = _AND.split(phrase)
    return not any(map(_NO_NOUN.match, parts)) and not any(re.match(r"(?i)\w+(?:ing|ed) ", part) for part in parts[1:])
