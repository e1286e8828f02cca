"""References are cited by their authors, and their entries are BibTeX that a program reads."""

import re

from common.references import Reference, cited

ONE = Reference("article", "Davis, Steven B. and Mermelstein, Paul", "On 100 % of A & B", "IEEE Trans. {ASSP}", 1980)
MANY = Reference("inproceedings", "Radford, Alec and Kim, Jong Wook and others", "Robust speech", "ICML", 2023)


def test_two_authors_are_named_and_more_are_others() -> None:
    assert cited((ONE, MANY)) == " (Davis and Mermelstein, 1980; Radford et al., 2023)"
    assert cited(()) == ""


def test_a_key_has_no_accents() -> None:
    accented = Reference("book", "Spärck Jones, Karen", "Épreuves", "Springer", 1972)
    assert accented.key == "sparckjones1972epreuves"
    assert "author = {Spärck Jones, Karen}" in accented.bibtex()


def test_an_entry_has_balanced_braces_and_no_character_that_latex_reads() -> None:
    entry = ONE.bibtex()
    assert entry.startswith("@article{davis1980100,\n  author = {Davis, Steven B. and Mermelstein, Paul},")
    assert entry.count("{") == entry.count("}")
    assert not re.search(r"(?<!\\)[%&]", entry)
    assert "booktitle = {ICML}" in MANY.bibtex()
