"""Every rule of SECURITY.md has tests that bear its number."""

import ast
import re
from collections import Counter
from functools import cache

import pytest

from admin_site.config import ROOT

RULES = range(1, 30)
NAME = re.compile(r"test_rule_(\d+)_\w+")


@cache
def count_by_rule() -> Counter[int]:
    """Return how many tests there are of each rule, each counted once however many values it takes."""
    found: Counter[int] = Counter()
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and (name := NAME.fullmatch(node.name)):
                found[int(name[1])] += 1
    return found


@pytest.mark.parametrize("rule", RULES)
def test_there_is_a_test_of_every_rule(rule: int):
    assert count_by_rule()[rule] > 0


def test_no_test_is_of_a_rule_that_there_is_not():
    assert count_by_rule().keys() <= set(RULES)
