"""Return all usual ways to say a number in English; the aligner finds the one that fits the sound."""

import re

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_MOST_DIGITS = 15  # longer numbers are spoken digit by digit
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def cardinal(number: int, joined: str = "") -> str:
    """Return a whole number below 10 to the power of 15 in words, with `joined` before a remainder below 100.

    >>> cardinal(1217), cardinal(105, "and"), cardinal(2_000_040)
    ('one thousand two hundred seventeen', 'one hundred and five', 'two million forty')
    """
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _with(_TENS[number // 10 - 2], number % 10)
    if number < 1000:
        return _with(f"{_ONES[number // 100]} hundred", number % 100, joined)
    size, name = next((size, name) for size, name in _SCALES if number >= size)
    rest = number % size
    return _with(f"{cardinal(number // size, joined)} {name}", rest, joined if rest < 100 else "", joined)


def _with(head: str, rest: int, link: str = "", joined: str = "") -> str:
    return " ".join(part for part in (head, link, cardinal(rest, joined)) if part) if rest else head


def ordinal(words: str) -> str:
    """Turn a number in words into an ordinal.

    >>> ordinal("twenty one"), ordinal("twenty"), ordinal("four")
    ('twenty first', 'twentieth', 'fourth')
    """
    *head, last = words.split()
    last = _ORDINALS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return " ".join([*head, last])


def plural(words: str) -> str:
    """Turn a number in words into its plural, as in *the nineteen eighties*.

    >>> plural("nineteen eighty"), plural("six"), plural("one thousand")
    ('nineteen eighties', 'sixes', 'one thousands')
    """
    if words.endswith("y"):
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith("x") else f"{words}s"


def digits(text: str, zero: str = "zero") -> str:
    """Return the digits of a number as words, one by one.

    >>> digits("205", "oh")
    'two oh five'
    """
    return " ".join(zero if digit == "0" else _ONES[int(digit)] for digit in text)


def whole(text: str) -> list[str]:
    """Return the usual ways to say a whole number that is written in digits, the likeliest first.

    >>> whole("105")
    ['one hundred five', 'one hundred and five', 'one oh five', 'one zero five']
    >>> whole("1984")[:3]
    ['nineteen eighty four', 'one thousand nine hundred eighty four', 'one thousand nine hundred and eighty four']
    >>> whole("007")[0]
    'zero zero seven'
    """
    if len(text) > _MOST_DIGITS or text != str(int(text)):
        return _once([digits(text), digits(text, "oh")])
    number = int(text)
    if number < 100:
        return [cardinal(number)]
    years = [_year(number)] if 1000 < number < 10_000 and number % 1000 else []
    pairs = [f"{_ONES[number // 100]} {_after(number % 100)}"] if number < 1000 and number % 100 else []
    single = [] if number % 100 == 0 else [digits(text), digits(text, "oh")]
    ways = [cardinal(number), cardinal(number, "and"), *pairs, *single]
    return _once([*years, *ways] if 1100 <= number < 2000 or number > 2009 else [*ways, *years])


def _year(number: int) -> str:
    century, rest = divmod(number, 100)
    return f"{cardinal(century)} {_after(rest) if rest else 'hundred'}"


def _after(number: int) -> str:
    return f"oh {_ONES[number]}" if number < 10 else cardinal(number)


def decimal(text: str) -> list[str]:
    """Return the ways to say a number with a decimal point.

    >>> decimal("3.05"), decimal(".5")
    (['three point zero five', 'three point oh five'], ['point five', 'zero point five'])
    """
    before, after = text.split(".")
    heads = [cardinal(int(before))] if before else ["", "zero"]
    return _once([f"{head} point {digits(after, zero)}".strip() for head in heads for zero in ("zero", "oh")])


def clock(hours: int, minutes: int) -> list[str]:
    """Return the ways to say a time of day.

    >>> clock(8, 0), clock(8, 5)
    (['eight', "eight o'clock", 'eight hundred'], ['eight oh five'])
    """
    hour = cardinal(hours)
    return [f"{hour} {_after(minutes)}"] if minutes else [hour, f"{hour} o'clock", f"{hour} hundred"]


def number(text: str) -> list[str]:
    """Return the ways to say a number, with or without separators and decimal point; an empty list for other texts.

    >>> number("12,000")[0], number("2.5"), number("2..5")
    ('twelve thousand', ['two point five'], [])
    """
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    if re.fullmatch(r"\d+", text):
        return whole(text)
    if re.fullmatch(r"\d{0,15}\.\d+", text):
        return decimal(text)
    return []


def _once(ways: list[str]) -> list[str]:
    return list(dict.fromkeys(ways))
