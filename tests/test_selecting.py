"""Naming a step, an entry, a part of the list; and what is said where there is no such thing."""

from __future__ import annotations

import pytest

from nntrace import Config, bundle, load
from nntrace.equations import Equations, equations
from nntrace.errors import SelectionError
from nntrace.formula.plain import name
from nntrace.formula.tree import Quantity
from nntrace.selecting import batch, entry, examples_of, iteration, select


def config(*settings: str) -> Config:
    """unequal: 2-3-4-2, three examples, two per update."""
    path = bundle.path("unequal")
    assert path is not None
    return load(path, settings)


LISTING: Equations = equations(config())


@pytest.mark.parametrize(
    ("size", "batches"),
    [
        ("1", [[0], [1], [2]]),
        ("2", [[0, 1], [2]]),
        ("3", [[0, 1, 2]]),
        ("5", [[0, 1, 2]]),
        ("all", [[0, 1, 2]]),
    ],
)
def test_a_batch_holds_its_examples_in_the_order_of_the_file(size: str, batches: list[list[int]]) -> None:
    chosen = config(f"batch={size}", "expect=[]")
    assert chosen.batches == len(batches)
    for number, examples in enumerate(batches, start=1):
        assert list(examples_of(chosen, 1, number)) == examples
        for example in examples:
            assert batch(chosen, 1, example=example + 1) == number


def test_a_batch_is_named_by_its_number_or_by_an_example_in_it_or_not_at_all() -> None:
    assert [batch(config(), 1, example=n) for n in (1, 2, 3)] == [1, 1, 2]
    assert batch(config(), 1, batch=2) == 2
    assert batch(config(), 1) is None


@pytest.mark.parametrize("number", [1, 2])
def test_an_iteration_of_the_run(number: int) -> None:
    assert iteration(config(), number) == number


@pytest.mark.parametrize(
    ("settings", "number", "message"),
    [
        ((), 0, "there is no iteration 0: there are 1 to 2"),
        ((), 3, "there is no iteration 3: there are 1 to 2"),
        (("iterations=1", "expect=[]"), 2, "there is no iteration 2: there is 1"),
        (("iterations=12000",), 12001, "there is no iteration 12001: there are 1 to 12,000"),
    ],
)
def test_an_iteration_that_is_not_there(settings: tuple[str, ...], number: int, message: str) -> None:
    with pytest.raises(SelectionError) as raised:
        iteration(config(*settings), number)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("dW2[1,3]", "dW2[1,3]"),
        ("W3_new[2,4]", "W3_new[2,4]"),
        (" dW2 [ 4 , 3 ] ", "dW2[4,3]"),
        ("A0[2,2]", "A0[2,2]"),
        ("losses[1,2]", "losses[1,2]"),
        ("loss", "loss"),
        ("alpha", "alpha"),
    ],
)
def test_an_entry_counts_from_1(text: str, written: str) -> None:
    assert name(entry(LISTING, text, examples=2)) == written


def test_a_quantity_of_one_entry_needs_no_index() -> None:
    path = bundle.path("article")
    assert path is not None
    article = equations(load(path))
    assert name(entry(article, "A3", examples=1)) == "A3[1,1]"
    assert name(entry(LISTING, "losses", examples=1)) == "losses[1,1]"  # the last batch has one example


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dW2", "`dW2` is 4 × 3: name an entry, such as `dW2[1,1]`"),
        ("A2", "`A2` is 4 × 2: name an entry, such as `A2[1,1]`"),
        ("dW2[5,1]", "there is no entry `dW2[5,1]`: `dW2` is 4 × 3, counted from 1"),
        ("dW2[1,4]", "there is no entry `dW2[1,4]`: `dW2` is 4 × 3, counted from 1"),
        ("dW2[0,1]", "there is no entry `dW2[0,1]`: `dW2` is 4 × 3, counted from 1"),
        ("A2[1,3]", "there is no entry `A2[1,3]`: `A2` is 4 × 2, counted from 1"),
        ("loss[1,1]", "`loss` is a single number: it has no entry"),
    ],
)
def test_an_entry_that_is_not_there(text: str, message: str) -> None:
    with pytest.raises(SelectionError) as raised:
        entry(LISTING, text, examples=2)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("text", "meant"),
    [("dw2", "dW2"), ("W1_nwe", "W1_new"), ("dw2[1,1]", "dW2"), ("los", "loss"), ("dA9", "dA3"), ("alhpa", "alpha")],
)
def test_a_misspelt_quantity_gets_the_nearest_and_all_that_there_are(text: str, meant: str) -> None:
    with pytest.raises(SelectionError) as raised:
        entry(LISTING, text, examples=2)
    first, second = str(raised.value).split("\n")
    assert first == f"there is no quantity `{text}`"
    assert second.startswith(f"Did you mean `{meant}`? There are `A0`, `y`, `W1`, `b1`, ")
    assert second.endswith("`m` and `alpha`.")


@pytest.mark.parametrize(("word", "meant"), [("DZ", "dZ"), ("dZ9", "dZ"), ("W_nwe", "W_new")])
def test_where_a_kind_can_be_chosen_it_may_be_what_was_meant(word: str, meant: str) -> None:
    with pytest.raises(
        SelectionError, match=rf"^there is no quantity `{word}`\nDid you mean `{meant}`\? There are `A0`, "
    ):
        select(LISTING, None, [word])


@pytest.mark.parametrize("text", ["W1[" + "1" * 5000 + ",1]", "W1[1," + "9" * 19 + "]", "W" + "1" * 5000])
def test_a_number_of_many_digits_is_no_place(text: str) -> None:
    with pytest.raises(SelectionError) as raised:
        entry(LISTING, text, examples=2)
    first = str(raised.value).split("\n")[0]
    assert text[:20] in first
    assert len(first) < 120


def test_what_resembles_nothing_gets_only_what_there_is() -> None:
    with pytest.raises(SelectionError, match=r"^there is no quantity `42`\nThere are `A0`, "):
        entry(LISTING, "42", examples=2)


def names(chosen: object) -> list[str]:
    assert isinstance(chosen, list | tuple)
    return [quantity.name for quantity in chosen if isinstance(quantity, Quantity)]


@pytest.mark.parametrize(
    ("layer", "only", "expected"),
    [
        (None, ["dZ"], ["dZ3", "dZ2", "dZ1"]),
        (None, ["dZ2"], ["dZ2"]),
        (None, ["W"], ["W1", "W2", "W3"]),  # not W_new
        (None, ["W_new"], ["W1_new", "W2_new", "W3_new"]),
        (None, ["W1_new", "loss", "A0"], ["A0", "loss", "W1_new"]),  # in the order of a step
        (None, ["A", "A1"], ["A0", "A1", "A2", "A3"]),
        (2, [], ["W2", "b2", "Z2", "A2", "dA2", "dZ2", "dW2", "db2", "W2_new", "b2_new"]),
        (3, ["dZ", "dW"], ["dZ3", "dW3"]),
    ],
)
def test_a_part_of_the_list(layer: int | None, only: list[str], expected: list[str]) -> None:
    assert names(select(LISTING, layer, only)) == expected


def test_without_a_choice_it_is_the_whole_list() -> None:
    assert names(select(LISTING)) == [quantity.name for quantity in LISTING.quantities]


@pytest.mark.parametrize(
    ("layer", "only", "message"),
    [
        (0, [], "there is no layer 0: there are 1 to 3"),
        (4, [], "there is no layer 4: there are 1 to 3"),
        (2, ["loss"], "there is no `loss` in layer 2"),
        (1, ["dZ1", "dZ2"], "there is no `dZ2` in layer 1"),  # a name that selects nothing is not passed over
        (1, ["dZ2", "dZ3"], "there is no `dZ2` and `dZ3` in layer 1"),
    ],
)
def test_a_part_that_is_not_there(layer: int, only: list[str], message: str) -> None:
    with pytest.raises(SelectionError) as raised:
        select(LISTING, layer, only)
    assert str(raised.value) == message


def test_one_unknown_name_among_known_ones_is_an_error() -> None:
    with pytest.raises(SelectionError, match=r"there is no quantity `dQ`"):
        select(LISTING, None, ["dZ", "dQ"])
