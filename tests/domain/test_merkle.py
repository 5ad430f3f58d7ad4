"""A proof convinces of what is true and of nothing else."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import InvalidError
from examsite.domain.merkle import (
    EMPTY_ROOT,
    TreeState,
    consistency_proof,
    inclusion_proof,
    leaf_hash_of,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.domain import strategies

# Source: the reference tests of Certificate Transparency (RFC 6962, merkle_tree_test.cc): eight entries and the roots
# of the first one, two … eight of them.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash_of(entry) for entry in ENTRIES]

# Source: the same tests: leaf (from 0), size, path.
INCLUSIONS = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
]
# Source: the same tests: first size, second size, path.
CONSISTENCIES = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]

leaf_lists = st.lists(strategies.hashes, min_size=1, max_size=24)


def hexes(proof: list[bytes]) -> list[str]:
    return [step.hex() for step in proof]


def test_root_of_nothing() -> None:
    assert root_hash([]) == EMPTY_ROOT == TreeState().root() == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_root_of_the_known_entries(size: int) -> None:
    assert root_hash(LEAVES[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSIONS)
def test_inclusion_of_the_known_entries(index: int, size: int, path: list[str]) -> None:
    proof = inclusion_proof(LEAVES[:size], index)
    assert hexes(proof) == path
    assert verify_inclusion(LEAVES[index], index, size=size, proof=proof, root=bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("first", "second", "path"), CONSISTENCIES)
def test_consistency_of_the_known_entries(first: int, second: int, path: list[str]) -> None:
    proof = consistency_proof(LEAVES[:second], first)
    assert hexes(proof) == path
    assert verify_consistency(
        first_size=first,
        second_size=second,
        first_root=bytes.fromhex(ROOTS[first - 1]),
        second_root=bytes.fromhex(ROOTS[second - 1]),
        proof=proof,
    )


@given(leaf_lists)
def test_a_tree_grown_leaf_by_leaf_has_the_same_roots(leaves: list[bytes]) -> None:
    state = TreeState()
    for size, leaf in enumerate(leaves, start=1):
        state = TreeState.from_json(state.append(leaf).to_json())
        assert state.size == size
        assert state.root() == root_hash(leaves[:size])
        assert len(state.peaks) == size.bit_count()


def test_every_proof_of_every_small_tree_holds() -> None:
    leaves = [leaf_hash_of(bytes([number])) for number in range(17)]
    roots = [root_hash(leaves[:size]) for size in range(18)]
    for size in range(1, 18):
        for index in range(size):
            proof = inclusion_proof(leaves[:size], index)
            assert verify_inclusion(leaves[index], index, size=size, proof=proof, root=roots[size])
            steps = consistency_proof(leaves[:size], index + 1)
            assert verify_consistency(
                first_size=index + 1,
                second_size=size,
                first_root=roots[index + 1],
                second_root=roots[size],
                proof=steps,
            )


@given(leaf_lists, st.data())
def test_every_inclusion_proof_holds_and_no_changed_one_does(leaves: list[bytes], data: st.DataObject) -> None:
    size = len(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(leaves, index), root_hash(leaves)
    assert verify_inclusion(leaves[index], index, size=size, proof=proof, root=root)
    assert not verify_inclusion(leaves[index], index, size=size, proof=[*proof, root], root=root)
    assert not verify_inclusion(flipped(leaves[index], data), index, size=size, proof=proof, root=root)
    assert not verify_inclusion(leaves[index], index, size=size, proof=proof, root=flipped(root, data))
    if proof:
        assert not verify_inclusion(leaves[index], index, size=size, proof=proof[1:], root=root)
        assert not verify_inclusion(leaves[index], index, size=size, proof=changed(proof, data), root=root)


@given(leaf_lists, st.data())
def test_every_consistency_proof_holds_and_no_changed_one_does(leaves: list[bytes], data: st.DataObject) -> None:
    second = len(leaves)
    first = data.draw(st.integers(1, second))
    proof = consistency_proof(leaves, first)
    roots = {"first_root": root_hash(leaves[:first]), "second_root": root_hash(leaves)}
    sizes = {"first_size": first, "second_size": second}
    assert verify_consistency(**sizes, **roots, proof=proof)
    assert not verify_consistency(**sizes, **roots, proof=[*proof, EMPTY_ROOT])
    for name, root in roots.items():
        wrong = {**roots, name: flipped(root, data)}
        assert not verify_consistency(**sizes, **wrong, proof=proof)
    if proof:
        assert not verify_consistency(**sizes, **roots, proof=proof[:-1])
        assert not verify_consistency(**sizes, **roots, proof=[])
        assert not verify_consistency(**sizes, **roots, proof=changed(proof, data))


def test_no_proof_holds_whose_hashes_are_cut_elsewhere() -> None:
    left, right = LEAVES[:2]
    root = root_hash(LEAVES[:2])
    assert verify_inclusion(left, 0, size=2, proof=[right], root=root)
    assert not verify_inclusion(left + right[:1], 0, size=2, proof=[right[1:]], root=root)
    assert not verify_inclusion(left[:-1], 0, size=2, proof=[left[-1:] + right], root=root)
    sizes = {"first_size": 1, "second_size": 2}
    assert verify_consistency(**sizes, first_root=left, second_root=root, proof=[right])
    assert not verify_consistency(**sizes, first_root=left[:-1], second_root=root, proof=[left[-1:] + right])


def test_consistency_needs_a_path() -> None:
    # Six leaves are not a full tree, so the first hash of the path cannot be the first root itself.
    roots = {"first_root": bytes.fromhex(ROOTS[5]), "second_root": bytes.fromhex(ROOTS[7])}
    assert not verify_consistency(first_size=6, second_size=8, **roots, proof=[])


def test_consistency_with_the_empty_tree_and_out_of_range() -> None:
    one = root_hash(LEAVES[:1])
    sizes = {"first_size": 0, "second_size": 1}
    assert verify_consistency(**sizes, first_root=EMPTY_ROOT, second_root=one, proof=[])
    assert not verify_consistency(**sizes, first_root=one, second_root=one, proof=[])
    assert not verify_consistency(first_size=2, second_size=1, first_root=one, second_root=one, proof=[])
    assert not verify_consistency(first_size=-1, second_size=1, first_root=one, second_root=one, proof=[])


@pytest.mark.parametrize("index", [-1, 8])
def test_no_inclusion_outside_the_tree(index: int) -> None:
    with pytest.raises(InvalidError, match="leaf_not_in_tree"):
        inclusion_proof(LEAVES, index)
    assert not verify_inclusion(LEAVES[0], index, size=8, proof=[], root=root_hash(LEAVES))


@pytest.mark.parametrize("size", [0, 9])
def test_no_consistency_outside_the_tree(size: int) -> None:
    with pytest.raises(InvalidError, match="size_not_in_tree"):
        consistency_proof(LEAVES, size)


@pytest.mark.parametrize(
    "rows",
    [
        None,
        [1],
        [{"size": 1}],
        [{"size": 3, "hash": "0" * 64}],
        [{"size": 0, "hash": "0" * 64}],
        [{"size": True, "hash": "0" * 64}],
        [{"size": 1, "hash": "0" * 63}],
        [{"size": 1, "hash": 0}],
        [{"size": 1, "hash": "0" * 64}, {"size": 2, "hash": "0" * 64}],
        [{"size": 1, "hash": "0" * 64}, {"size": 1, "hash": "0" * 64}],
    ],
)
def test_tree_state_refuses_a_text_that_is_none(rows: object) -> None:
    with pytest.raises(InvalidError, match="tree_state_not_valid"):
        TreeState.from_json(json.dumps(rows))


def test_tree_state_refuses_what_is_not_json() -> None:
    with pytest.raises(InvalidError, match="tree_state_not_valid"):
        TreeState.from_json("{")


def flipped(digest: bytes, data: st.DataObject) -> bytes:
    """The hash with one bit turned."""
    bit = data.draw(st.integers(0, 255))
    return (int.from_bytes(digest) ^ (1 << bit)).to_bytes(32)


def changed(proof: list[bytes], data: st.DataObject) -> list[bytes]:
    """The proof with one bit of one step turned."""
    place = data.draw(st.integers(0, len(proof) - 1))
    return [*proof[:place], flipped(proof[place], data), *proof[place + 1 :]]
