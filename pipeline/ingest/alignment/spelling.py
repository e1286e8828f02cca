"""Guess from its letters how a word that is not in the dictionary is pronounced.

The rules are a short list in the manner of Elovitz, Johnson, McHugh and Shore (1976, "Letter-to-sound rules for
automatic translation of English text to phonetics"). The first rule that fits at a place gives the phones (ARPAbet, as
in the CMU Pronouncing Dictionary) of the letters that it covers. A guess need not be exact: an aligner also finds words
that sound only roughly like their phones.
"""

import re

_VOWEL = "[aeiouy]"
_CONSONANT = "[b-df-hj-np-tv-xz]"
_E_END = f"(?={_CONSONANT}e(s|d)?$)"  # a silent e makes the vowel before it long: mate, mates, mated

_RULES = tuple(
    (re.compile(pattern), phones)
    for pattern, phones in (
        # Beginnings
        (r"^x", "Z"), (r"^(k|g|p)n", "N"), (r"^(?=pn)p", ""), (r"^(w|r)[rh](?=[aeiouy])", "R"), (r"^ps", "S"),
        (r"^wh(?=o)", "HH"),
        (r"^mc(?=[b-df-hj-np-tv-xz])", "M AH K"), (r"^y(?=[aeiou])", "Y"),
        # Several consonants
        (r"tch", "CH"), (r"sch(?=[aeiou])", "SH"), (r"sch", "S K"), (r"ssi(?=o)", "SH"), (r"ti(?=o[nu])", "SH"),
        (r"ti(?=a)", "SH"), (r"ci(?=[ao])", "SH"),
        (r"si(?=on)", "ZH"), (r"ch(?=[rl])", "K"), (r"ch", "CH"), (r"sh", "SH"), (r"th", "TH"), (r"ph", "F"),
        (r"gh(?=[aeiou])", "G"), (r"gh", ""),
        (r"wh", "W"), (r"ck", "K"), (r"dge?(?=[eiy]|$)", "JH"), (r"nk", "NG K"), (r"ng$|ng(?=[sl-np-t])", "NG"),
        (r"ng(?=er|e$)", "N JH"), (r"ng", "NG G"),
        (r"qu", "K W"), (r"sc(?=[eiy])", "S"), (r"mb$", "M"), (r"mn$", "M"), (r"bt$", "T"), (r"cc(?=[eiy])", "K S"),
        (r"([bdfgklmnprtvz])\1", None), (r"ss", "S"), (r"cc", "K"),
        # Vowels with r
        (r"air|are$|ear$|eir", "EH R"), (r"eer|ier$|ere$", "IH R"), (r"ar", "AA R"),
        (r"or|oar|oor|ore$|our(?=[a-z])", "AO R"), (r"our$", "AW R"), (r"(e|i|u|y)r", "ER"),
        # Endings
        (r"(?<=[a-z])tion(s?)$", "SH AH N"), (r"(?<=[td])ed$", "IH D"), (r"(?<=[fkpsx])ed$", "T"),
        (r"(?<=h)ed$", "T"), (r"(?<=[b-z])ed$", "D"),
        (r"(?<=[sxz])es$", "IH Z"), (r"(?<=ch|sh|ge|ce)es$", "IH Z"), (r"(?<=[fkpt])es$", "S"),
        (r"(?<=[b-df-hj-np-tv-xz])es$", "Z"), (r"(?<=[b-df-hj-np-tv-z])le$", "AH L"), (r"ture$", "CH ER"),
        (r"(?<=[a-z]{2})e$", ""), (r"ous$", "AH S"), (r"(?<=[a-z]{2})y$", "IY"), (r"(?<=^[a-z])y$", "AY"),
        (r"igh", "AY"), (r"a$", "AH"), (r"(?<=[a-z])o$", "OW"), (r"i$", "IY"),
        # Two vowels
        (r"eau", "OW"), (r"augh", "AO"), (r"ough", "AO"), (r"ai|ay|ei(?=gh)|ey(?=[a-z])", "EY"),
        (r"au|aw", "AO"), (r"ee|ea|ie(?=[a-z])", "IY"), (r"ey$", "IY"),
        (r"ei", "IY"), (r"eu|ew", "UW"), (r"ie$", "IY"), (r"ia", "IY AH"), (r"io", "IY OW"), (r"oa|oe$", "OW"),
        (r"oi|oy", "OY"), (r"oo(?=[kd])", "UH"), (r"oo|ou(?=p)|ui|ue", "UW"),
        (r"ou", "AW"), (r"ow$|ow(?=n$)", "OW"), (r"ow", "AW"), (r"aa", "AA"), (r"ae|oe", "IY"), (r"uy", "AY"),
        (r"ii", "IY"), (r"uu", "UW"),
        # One vowel
        (rf"a{_E_END}", "EY"), (rf"e{_E_END}", "IY"), (rf"[iy]{_E_END}", "AY"), (rf"o{_E_END}", "OW"),
        (rf"u{_E_END}", "UW"), (r"al(?=[kl])", "AO L"),
        (rf"i(?={_VOWEL})", "IY"), (rf"u(?={_VOWEL})", "UW"), (r"o(?=l[dlt]|st)", "OW"),
        (r"^e$|(?<=^[a-z])e$", "IY"), (r"a", "AE"), (r"e", "EH"), (r"i|y", "IH"), (r"o", "AA"), (r"u", "AH"),
        # One consonant
        (r"c(?=[eiy])", "S"), (r"c|k|q", "K"), (r"g(?=[eiy])", "JH"),
        (r"s(?=m$)|(?<=[aeiouy])s(?=[aeiouy])|(?<=[bdglmnrvwaeiouy])s$", "Z"), (r"x", "K S"), (r"h$", ""),
        (r"h", "HH"), (r"j", "JH"),
        (r"([bdfglmnprstvwz])", None), (r"'", ""),
    )
)  # fmt: skip
_LETTERS = dict(zip("abcdefghijklmnopqrstuvwxyz", (
    "EY", "B IY", "S IY", "D IY", "IY", "EH F", "JH IY", "EY CH", "AY", "JH EY", "K EY", "EH L", "EH M", "EH N", "OW",
    "P IY", "K Y UW", "AA R", "EH S", "T IY", "Y UW", "V IY", "D AH B AH L Y UW", "EH K S", "W AY", "Z IY",
), strict=True))  # fmt: skip


def sounded(word: str) -> str:
    """Return the phones of a word according to the rules; empty if no letter is sounded.

    Parameters
    ----------
    word
        Lower-case letters a to z and apostrophes.

    Examples
    --------
    >>> sounded("thribble"), sounded("phobo"), sounded("mashed")
    ('TH R IH B AH L', 'F AA B OW', 'M AE SH T')
    """
    phones, place = [], 0
    while place < len(word):
        found, sound = next(
            ((match, sound) for pattern, sound in _RULES if (match := pattern.match(word, place))), (None, "")
        )
        phones.append(found[found.lastindex or 0].upper() if found and sound is None else sound or "")
        place = found.end() if found and found.end() > place else place + 1
    return " ".join(phone for phone in phones if phone)


def spelled(word: str) -> str:
    """Return the phones of a word whose letters are spelled out one by one.

    >>> spelled("kl")
    'K EY EH L'
    """
    return " ".join(_LETTERS[letter] for letter in word if letter in _LETTERS)
