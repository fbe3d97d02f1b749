"""What fuzzing came upon, replayed: every seed, every input of the corpora, everything that was ever found, and some changes.

Needs no fuzzer: `make fuzz` is where new inputs come from, and here they must hold for ever after.
"""

import random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.fuzz.mutation import mutated
from tests.fuzz.places import CORPUS, FOUND, files_of
from tests.fuzz.reach import MOST_FILES
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

EVERY = pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
CHANGED = 25
"""Changes of a target's inputs that are tried in each run, others each time; fuzzing tries millions."""
MOST_KEPT_BYTES = 4096
OF_A_MACHINE = (*(f"/{folder}/".encode() for folder in ("work", "root", "home", "tmp")), b"site-packages")


@EVERY
def test_every_input_that_is_kept_holds(target: Target):
    files = files_of(CORPUS / target.name) + files_of(FOUND / target.name)
    named = {f"{file.parent.parent.name}/{target.name}/{file.name}": file.read_bytes() for file in files}
    for name, data in [*named.items(), *(("a seed", seed) for seed in target.seeds)]:
        try:
            target.run(data)
        except Exception as error:
            error.add_note(f"with {name}: {data[:300]!r}")
            raise


@EVERY
@settings(max_examples=CHANGED, suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors])
@given(data=st.data(), drawn=st.randoms(use_true_random=False))
def test_changes_of_them_hold_too(target: Target, data: st.DataObject, drawn: random.Random):
    known = [*target.seeds, *(file.read_bytes() for file in files_of(CORPUS / target.name))]
    target.run(mutated(data.draw(st.sampled_from(known)), drawn, target.most_bytes))


@EVERY
def test_a_corpus_is_small_and_says_nothing_of_a_machine(target: Target):
    files = files_of(CORPUS / target.name)
    assert len(files) <= MOST_FILES
    for file in files + files_of(FOUND / target.name):
        data = file.read_bytes()
        assert len(data) <= MOST_KEPT_BYTES
        assert not [word for word in OF_A_MACHINE if word in data]


def test_no_folder_is_of_a_target_that_is_gone():
    folders = {folder.name for place in (CORPUS, FOUND) for folder in files_of(place)}
    assert folders <= TARGETS.keys()
