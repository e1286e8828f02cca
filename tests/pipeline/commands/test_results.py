"""What `evaluate` prints, by its options."""

import pytest

from pipeline.commands.results import Choice, check_choice
from pipeline.errors import UserError

NOTHING = {"every": False, "as_json": False, "as_csv": False, "robustness": False, "drop": None, "by": ()}


def test_options_that_print_different_things_exclude_each_other() -> None:
    none = {**NOTHING, "strategies": ()}
    assert check_choice(none) == Choice()
    assert check_choice({**none, "by": ("speaker",), "strategies": ("vote",)}).strategies == ("vote",)
    with pytest.raises(UserError, match="--json and --csv print different tables: give only one"):
        check_choice({**none, "as_json": True, "as_csv": True})
    with pytest.raises(UserError, match="--drop and --by print different tables: give only one"):
        check_choice({**none, "by": ("speaker",), "drop": ""})
    with pytest.raises(UserError, match="--strategy adds rows to what --by prints"):
        check_choice({**none, "strategies": ("vote",)})
