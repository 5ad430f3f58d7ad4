"""A stranger with one file and a bundle: what is honest is accepted, what is not is named."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from examsite.bundle import verify as verifier
from examsite.bundle.tables import SCRIPT_PATH, tables_script
from examsite.domain.recomputation import recompute
from tests.bundle.allowances import ALLOWED, rescoring
from tests.bundle.bad_passkeys import BAD_PASSKEYS, with_bad_passkey
from tests.bundle.broken_rules import BROKEN_RULES, NEVER_SURE
from tests.bundle.frauds import FRAUDS, PLAIN, entries_of, find, over_closed
from tests.bundle.made_bundle import (
    LOG_VERIFIER_KEY,
    VERIFIER,
    WITNESS_VERIFIER_KEYS,
    WITNESSES,
    Made,
    Plan,
    canonical,
    checkpoint_of,
    made,
    nested,
    path_of,
    permuted,
    public_of,
    sha,
    with_note,
    with_short_signature,
    zip_of,
)
from tests.bundle.mutations import SHAPES, insiders, outsiders
from tests.bundle.second_versions import BROKEN, honest

INSIDERS = 60
MUTATIONS = 150  # `make soak` asks for 2,000 through tests.bundle.measure
LONGEST, WIDEST = 1026, 120  # lines and signs of the one file


def said_of(data: bytes, **more: Any) -> dict[str, dict[str, str]]:
    """What each check says when all keys are pinned."""
    said = verifier.verify(data, LOG_VERIFIER_KEY, WITNESS_VERIFIER_KEYS, **more)
    return {x["check"]: x for x in said}


def broken_in(data: bytes, **more: Any) -> dict[str, str]:
    return {name: x["vi"] for name, x in said_of(data, **more).items() if x["state"] == "broken"}


plans = st.builds(
    Plan,
    seed=st.integers(0, 2**32),
    kinds=st.sampled_from(SHAPES),
    posts=st.integers(1, 3),
    candidates=st.integers(2, 6),
    straddle=st.sampled_from(["mean", "head"]),
    after_discussion=st.sampled_from(["shown", "counts"]),
    objective=st.booleans(),
    opened_roles=st.booleans(),
    ties=st.sampled_from([0, 50, 100]),
    third=st.sampled_from(["collective", "mean", "median", "closest"]),
)


# ---------------------------------------------------------------------------------------------------------- the honest


@settings(max_examples=30, deadline=None)
@given(plans)
def test_every_honest_bundle_is_accepted(plan: Plan) -> None:
    assert broken_in(made(plan)) == {}


def test_the_made_bundles_take_every_step_of_the_rules() -> None:
    steps, outcomes, ties = set(), set(), 0
    for seed in range(60):
        result = Made(Plan(seed=seed, kinds=SHAPES[seed % 3], straddle=["mean", "head"][seed % 2], ties=60)).result
        ties += sum(bool(post["tie"]) for post in result["posts"])
        for person in result["candidates"]:
            outcomes.add(person["outcome"])
            for part in person["parts"]:
                steps |= {part[name]["step"] for name in ("settlement", "appeal") if part[name]}

    assert steps == {"mean", "discussed", "third-equal", "collective", "machine", "head", "adopted", "chair"}
    assert outcomes == {"selected", "passed", "failed", "absent", "void"}
    assert ties > 0


@pytest.mark.parametrize("name", ALLOWED)
def test_turn_after_settling_is_accepted(name: str) -> None:
    assert broken_in(ALLOWED[name]()) == {}


def test_rescoring_that_changed_points_upsets_the_decision() -> None:
    assert "settlements" in broken_in(rescoring(3))


@pytest.mark.parametrize("rule", ["mean", "median", "closest"])
def test_three_marks_come_to_what_the_rule_set_says(rule: str) -> None:
    for seed in range(100):
        plan = Plan(seed=seed, kinds=("blind-pair",), third=rule)
        kept, broken = Made(plan), Made(replace(plan, obeys_third=False))
        if kept.result["candidates"] != broken.result["candidates"]:
            break
    assert broken_in(kept.finish()) == {}
    assert set(broken_in(broken.finish())) == {"settlements"}
    assert recompute(kept.result) == []
    assert any(problem.where.endswith("/settlement/score") for problem in recompute(broken.result))


def test_public_bundle_lists_what_it_could_not_compare() -> None:
    closed = ("mark:locked", "settlement:decided", "attendance:recorded")
    said = said_of(made(Plan(seed=5, closed=closed)))

    assert {name for name, x in said.items() if x["state"] == "broken"} == set()
    unseen = {name for name, x in said.items() if "không mở cho công chúng" in x["vi"]}
    assert {"opened", "marks", "absent", "settlements"} <= unseen
    assert all(event in said["opened"]["vi"] for event in closed)
    assert {
        name: said[name]["state"] for name in ("scores", "totals", "ranks", "outcomes", "approvals")
    } == dict.fromkeys(("scores", "totals", "ranks", "outcomes", "approvals"), "ok")


def test_what_is_closed_hides_no_fraud_that_the_rest_shows() -> None:
    found = {name: check in broken_in(data) for name, check, data in over_closed()}
    assert [name for name, is_found in found.items() if not is_found] == []


def test_no_kind_closed_alone_makes_an_honest_bundle_broken() -> None:
    kinds = [event for event, (sign, _roles, _subjects) in verifier.EVENTS.items() if sign == "+"]
    broken = {event: broken_in(made(Plan(seed=5, closed=(event,)))) for event in kinds}
    assert {event: said for event, said in broken.items() if said} == {}


def test_version_that_was_drawn_is_the_one_that_is_written() -> None:
    plan = replace(PLAIN, kinds=("blind-pair",), draws_papers=True)
    assert broken_in(made(plan)) == {}
    broken = broken_in(made(replace(plan, obeys_draws=False)))
    assert set(broken) == {"papers"}
    reserve = replace(plan, obeys_draws=False, sets_aside="council/HD1")
    assert broken_in(made(reserve)) == {}
    said = said_of(made(reserve))["papers"]  # one person alone can say that a version is bad
    assert (said["state"], "set aside" in said["en"]) == ("unchecked", True), said
    assert set(broken_in(made(replace(reserve, sets_aside="organiser/T01")))) == {"papers"}


def test_value_of_no_source_is_nobodys_to_choose() -> None:
    play = Made(PLAIN)
    held = play.log.entries[find(play.log, "draw:held")]["payload"]
    held["document"]["public"] = {"source": "none", "value": "7"}
    held["outcome"] = permuted(held["document"])
    assert "draws" in broken_in(play.finish())


@pytest.mark.parametrize("event", ["roster:fixed", "tie:decided", "result:approved"])
def test_rule_set_cannot_close_everything(event: str) -> None:
    plan = Plan(seed=1, posts=1, candidates=4, kinds=("blind-pair",), ties=100, plain=True, closed=(event,))

    play = Made(plan)

    assert "opened" in broken_in(play.finish()) or (event == "tie:decided" and not play.result["posts"][0]["tie"])


def test_without_keys_it_says_not_pinned() -> None:
    said = {x["check"]: x for x in verifier.verify(made(PLAIN))}

    assert (said["signature"]["state"], said["witnesses"]["state"]) == ("unchecked", "unchecked")
    assert "chưa ghim khóa" in said["signature"]["vi"]


def test_passkeys_of_all_who_approved_are_checked_and_of_some_are_counted() -> None:
    assert said_of(made(Plan(seed=7, passkeys=4)))["assertions"]["state"] == "ok"
    said = said_of(made(Plan(seed=7, passkeys=3)))["assertions"]
    assert (said["state"], "1 approvals" in said["en"]) == ("unchecked", True), said


@pytest.mark.parametrize("name", BAD_PASSKEYS)
def test_a_passkey_that_proves_nothing_is_named(name: str) -> None:
    assert broken_in(with_bad_passkey(name))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 2**128), st.binary(max_size=80), st.integers(0, 70 * 8))
def test_passkeys_hold_just_when_the_library_says_so(seed: int, message: bytes, bit: int) -> None:
    key = ec.derive_private_key(seed, ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    cose = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + numbers.x.to_bytes(32, "big")
    cose += b"\x22\x58\x20" + numbers.y.to_bytes(32, "big")
    signature = key.sign(message, ec.ECDSA(SHA256()))
    assert verifier.passkey_verifies(cose, message, signature)
    spoilt = bytearray(signature)
    spoilt[bit // 8 % len(spoilt)] ^= 1 << bit % 8
    assert not verifier.passkey_verifies(cose, message, bytes(spoilt))
    assert not verifier.passkey_verifies(cose, message + b".", signature)


def test_a_refusal_takes_the_own_approval_back() -> None:
    play = Made(PLAIN)
    digest = sha(canonical(play.result).encode()).hex()
    for actor, event, more in (
        ("council/HD2", "result:approved", {"assertion": None}),
        ("council/HD2", "result:refused", {"reason": "cần xem lại"}),
    ):
        play.log.record(event, actor, "competition/HP-2026-01", {"result_sha256": digest, **more})

    assert (
        "1 từ chối"
        in said_of(play.finish(("council/HD1", "council/HD3", "council/HD4", "authority/TQ")))["approvals"]["vi"]
    )
    assert "approvals" in broken_in(_refused_by_one())


def _refused_by_one() -> bytes:
    play = Made(PLAIN)
    digest = sha(canonical(play.result).encode()).hex()
    play.log.record(
        "result:approved", "council/HD1", "competition/HP-2026-01", {"result_sha256": digest, "assertion": None}
    )
    play.log.record(
        "result:refused", "council/HD1", "competition/HP-2026-01", {"result_sha256": digest, "reason": "sai"}
    )
    return play.finish(("council/HD2", "council/HD3", "authority/TQ"))


def test_one_person_behind_two_pseudonyms_is_seen_by_the_board() -> None:
    play = Made(replace(PLAIN, opened_roles=True))
    people = play.log.entries[play.roles_seq]["payload"]["people"]
    for x in people:
        x["person"] = "person 0" if x["pseudonym"] in ("HD1", "HD2") else x["person"]

    assert broken_in(play.finish()) == {"people": "roles:fixed: HD1 và HD2 là cùng một người."}


# ------------------------------------------------------------------------------------------------------------- frauds


@pytest.mark.parametrize("name", FRAUDS)
def test_fraud_is_named_in_one_sentence(name: str) -> None:
    commit, check = FRAUDS[name]
    data, culprit = commit()
    sentences = broken_in(data)

    assert check in sentences
    assert [word for word in culprit if word not in sentences[check]] == []
    assert sentences[check].count("\n") == 0
    assert not any("lường trước" in sentence for sentence in sentences.values())


@pytest.mark.parametrize("name", BROKEN_RULES)
def test_rule_that_the_readme_adds_is_kept(name: str) -> None:
    make, check = BROKEN_RULES[name]
    broken = broken_in(make())

    assert check in broken
    assert not any("lường trước" in sentence for sentence in broken.values())


@pytest.mark.parametrize("name", NEVER_SURE)
def test_what_a_bundle_cannot_show_is_said(name: str) -> None:
    make, check, words = NEVER_SURE[name]
    said = said_of(make())

    assert (said[check]["state"], words in said[check]["vi"]) == ("unchecked", True), said[check]
    assert [x for x in said.values() if x["state"] == "broken"] == []


def test_record_after_approval_is_named() -> None:
    play = Made(PLAIN)
    digest = sha(canonical(play.result).encode()).hex()
    play.log.record(
        "result:approved", "council/HD9", "competition/HP-2026-01", {"result_sha256": digest, "assertion": None}
    )
    told = {"part": "defence", "absent": []}
    seq = play.log.record("attendance:recorded", "invigilator/G2", "session/D9", told)

    assert f"Bản ghi số {seq}" in broken_in(play.finish())["approvals"]


def test_signs_of_a_bundle_do_not_command_the_terminal() -> None:
    # Clears the screen, hides what follows, and says another verdict on a line of its own.
    name = b"\n\x1b[2JOK.\x1b[8m\n"
    data = name.join(made(Plan(seed=1)).rsplit(b"HUONG-DAN.txt", 2))
    assert len(name) == len("HUONG-DAN.txt")

    (broken,) = [item for item in verifier.verify(data) if item["state"] == "broken"]
    assert broken["check"] == "shape"
    for language in ("vi", "en"):
        assert "\ufffd\ufffd[2JOK.\ufffd[8m\ufffd" in broken[language]
        assert broken[language].isprintable()


def test_what_is_nested_deeper_than_anything_needs_is_refused_and_costs_no_time() -> None:
    assert broken_in(with_note(nested(40))) == {}
    assert broken_in(with_note("\U0001d7d8" * 200_000)) == {}
    for depth in (70, 300, 900):
        (broken,) = broken_in(with_note(nested(depth))).values()
        assert "unforeseen" not in broken


def test_an_older_bundle_is_read_as_carefully_as_the_new_one() -> None:
    new, old = honest()
    for change in (b"[]", b"1", b"{}", b"\xff", b"\xef\xbb\xbf{}"):
        files = entries_of(old) | {"result.json": change}
        play = entries_of(new) | {"previous.txt": sha(zip_of(files)).hex().encode()}
        said = said_of(zip_of(play), older=[zip_of(files)])["lineage"]
        assert said["state"] == "broken"
        assert "Error" not in said["en"]
    without = {name: data for name, data in entries_of(old).items() if name != "result.json"}
    play = entries_of(new) | {"previous.txt": sha(zip_of(without)).hex().encode()}
    assert "Error" not in said_of(zip_of(play), older=[zip_of(without)])["lineage"]["en"]


def test_two_histories_cannot_both_have_the_quorum() -> None:
    play = Made(PLAIN)
    play.finish()
    files = play.files()
    files["checkpoint.txt"] = checkpoint_of(play.log.lines(), cosigned=False).encode()

    assert set(broken_in(zip_of(files))) == {"witnesses"}
    assert broken_in(zip_of(files), quorum=0) == {}


@pytest.mark.parametrize("length", [0, 8, 31, 39, 40, 63, 72, 73])
def test_a_line_appended_on_the_way_is_a_wrong_signature_and_no_surprise(length: int) -> None:
    # A second line of the same key makes that key's signature wrong, and nobody else's.
    data = with_short_signature("witness-1.example", 4, WITNESSES["witness-1.example"], length)
    (broken,) = broken_in(data).values()
    assert "unforeseen" not in broken
    assert "IndexError" not in broken
    assert broken_in(data, quorum=2) == {}


@pytest.mark.parametrize("quorum", [-1, -99])
def test_fewer_witnesses_than_none_are_no_quorum(quorum: int) -> None:
    assert set(broken_in(made(PLAIN), quorum=quorum)) == {"witnesses"}


# ------------------------------------------------------------------------------------------------------------ lineage


def test_an_honest_correction_with_a_supplementary_defence_is_accepted() -> None:
    new, old = honest()
    assert broken_in(new, older=[old]) == {}
    assert said_of(new, older=[old])["lineage"]["state"] == "ok"


@pytest.mark.parametrize("name", BROKEN)
def test_a_second_version_keeps_what_the_first_one_rests_on(name: str) -> None:
    make, checks = BROKEN[name]
    new, old = make()
    assert set(broken_in(new, older=[old])) == checks


def _published_twice() -> tuple[bytes, bytes]:
    play = Made(PLAIN)
    old = play.finish()
    play.result["competition"]["title"] = "Thi tuyển chức danh trưởng phòng (đính chính)"
    play.previous = sha(old).hex()
    return old, play.finish()


def test_replaced_bundle_is_traced_to_the_one_before() -> None:
    old, new = _published_twice()

    assert broken_in(new, older=[old]) == {}
    assert sha(old).hex()[:16] in said_of(new, older=[old])["lineage"]["vi"]
    assert said_of(new)["lineage"]["state"] == "unchecked"
    assert set(broken_in(new, older=[made(replace(PLAIN, seed=8))])) == {"lineage"}


def test_replacement_that_hides_its_past_is_broken() -> None:
    _old, new = _published_twice()
    files = entries_of(new)
    files["previous.txt"] = b""

    assert set(broken_in(zip_of(files))) == {"lineage"}


# ------------------------------------------------------------------------------------------------------------ receipts


def _receipt(play: Made, seq: int) -> str:
    import base64

    lines = play.log.lines()
    leaves = [sha(b"\x00" + line.encode()) for line in lines]
    path = [base64.b64encode(node).decode() for node in path_of(leaves, seq)]
    proof = "\n".join(["c2sp.org/tlog-proof@v1", f"index {seq}", *path])
    return f"{lines[seq]}\n{proof}\n\n{checkpoint_of(lines, cosigned=False)}"


def test_receipt_is_found_in_the_log() -> None:
    play = Made(PLAIN)
    early = len(play.log.entries)
    seq = next(n for n, x in enumerate(play.log.entries) if x["event"] == "answers:submitted")
    told = _receipt(play, seq)
    data = play.finish()
    receipt = said_of(data, receipt=told)["receipt"]

    assert early < len(play.log.entries)
    assert receipt["state"] == "ok"
    short = receipt["vi"].rsplit(" ", 1)[1].rstrip(".")
    assert said_of(data, receipt=short)["receipt"]["state"] == "ok"
    assert set(broken_in(data, receipt="00000-00000")) == {"receipt"}
    assert set(broken_in(data, receipt=told.replace(f"index {seq}", "index 0"))) == {"receipt"}
    assert set(broken_in(data, receipt=_receipt(Made(replace(PLAIN, seed=9)), seq))) == {"receipt"}


# ------------------------------------------------------------------------------------------------------------- vectors

VECTOR = """{"actor":"system","at":"2026-12-01T01:00:00.000Z","commit":"ee18c101ee8c338a877889d1bbe7bce4580eacd52356a77fc26b24ac3b741640","event":"log:opened","seq":0,"subject":"competition/HP-2026-01","v":1}
{"actor":"candidate","at":"2026-12-01T01:00:00.250Z","commit":"60be0cacbeeb1fe47c72210ad56d846439ea351656233179b8e5020383206508","event":"answers:submitted","seq":1,"subject":"sitting/S1","v":1}
{"actor":"marker/M03","at":"2026-12-01T04:00:00.000Z","commit":"41232923d732915f197a9ef3b7f5f014766a217ab5a0b11c1ebec479c5ea19d5","event":"mark:locked","seq":2,"subject":"script/0421","v":1}
"""  # noqa: E501 - a vector stays as it is printed
LEAVES = [
    "30e6469e72e5916e48a0c2824475df460a8db53780dd5e1a6bb54cc82677eaf9",
    "b10f404f7e8ebd43f13a473305aa3e8a2f0751eeedda14402b2d023dcb69bd4e",
    "a99e3c8918094df99f97f14ae1359dc79bc99dcc9b655e52ac59c39d0cbb797e",
]
PAYLOADS = [{"ruleset": "tt22-2025"}, {"answers": [{"question": "Q1", "text": "Quản lý là…"}]}, {"total": "86.75"}]
CHECKPOINT = """thituyen.example/HP-2026-01
3
2DWBo1UlLX6AW8islZ2+eCqrJUU4hR3Oc0jiIRuZBtw=

— thituyen.example/HP-2026-01 y5IrA+vywkk3U7FPBxoQuvE2hQh814kNY0ien2vPmVPO1fGw2IYE5sjsNH7LfFex6/j6axBRg5ssMH73AfI3WahZoAw=
"""  # noqa: E501 - the same


def test_log_vector() -> None:
    lines = VECTOR.splitlines()
    leaves = [sha(b"\x00" + line.encode()) for line in lines]

    assert [leaf.hex() for leaf in leaves] == LEAVES
    assert [verifier.canonical(verifier.load(line, "vector")) for line in lines] == lines
    assert verifier.tree(leaves)[0].hex() == "d83581a355252d7e805bc8ac959dbe782aab254538851dce7348e2211b9906dc"
    commits = [
        verifier.sha256(salt + verifier.canonical(payload).encode())
        for salt, payload in zip([bytes(32), b"\x07" * 32, b"\x09" * 32], PAYLOADS, strict=True)
    ]
    assert commits == [json.loads(line)["commit"] for line in lines]


def test_checkpoint_vector() -> None:
    note = verifier.read_note(CHECKPOINT, "vector")
    public = bytes.fromhex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")

    assert (note[0], note[1], note[2].hex()[:8]) == ("thituyen.example/HP-2026-01", 3, "d83581a3")
    assert verifier.signed_by(note, (note[0], public), 1)
    assert not verifier.signed_by(note, (note[0], public_of(Ed25519PrivateKey.generate())), 1)


@pytest.mark.parametrize(
    ("draw", "items", "outcome"),
    [
        ("presentation-order", list("ABCDEFG"), "A C F G B D E"),
        (
            "script-order",
            [f"{n:04d}" for n in range(1, 21)],
            "0014 0016 0015 0012 0020 0003 0010 0004 0013 0008 0002 0005 0006 0018 0007 0019 0011 0009 0001 0017",
        ),
    ],
)
def test_draw_vectors(draw: str, items: list[str], outcome: str) -> None:
    contributions = [{"by": "chair", "nonce": "01" * 32}, {"by": "secretary", "nonce": "02" * 32}]
    public = {"source": "none", "value": ""}
    document = {
        "v": 1,
        "competition": "HP-2026-01",
        "draw": draw,
        "items": items,
        "contributions": contributions,
        "public": public,
    }

    assert " ".join(verifier.permuted(document)) == outcome


# ------------------------------------------------------------------------------------------------------------ Ed25519


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511), st.booleans())
def test_signatures_hold_just_when_the_library_says_so(seed: bytes, message: bytes, bit: int, spoil: bool) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signature = bytearray(key.sign(message))
    if spoil:
        signature[bit // 8] ^= 1 << bit % 8
    try:
        Ed25519PublicKey.from_public_bytes(public_of(key)).verify(bytes(signature), message)
        holds = True
    except InvalidSignature:
        holds = False

    assert verifier.verifies(public_of(key), message, bytes(signature)) == holds


def test_second_spelling_of_a_signature_is_refused() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    signature = key.sign(b"bundle")
    s = int.from_bytes(signature[32:], "little") + 2**252 + 27742317777372353535851937790883648493

    assert verifier.verifies(public_of(key), b"bundle", signature)
    assert not verifier.verifies(public_of(key), b"bundle", signature[:32] + s.to_bytes(32, "little"))
    assert not verifier.verifies(public_of(key), b"bundle", signature[:-1])


@pytest.mark.parametrize(
    "point",
    [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "0200000000000000000000000000000000000000000000000000000000000000",
    ],
)
def test_keys_of_small_order_or_strange_spelling_sign_nothing(point: str) -> None:
    neutral = bytes.fromhex("01" + "00" * 31)

    assert not verifier.verifies(bytes.fromhex(point), b"anything", neutral + bytes(32))
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    assert not verifier.verifies(public_of(key), b"m", bytes.fromhex(point) + key.sign(b"m")[32:])


@pytest.mark.parametrize(
    "text", ["", "abc", "a+b+c", "ff" * 31, LOG_VERIFIER_KEY[:-4], LOG_VERIFIER_KEY.replace("+c", "+d", 1)]
)
def test_a_key_that_is_none_is_one_sentence(text: str) -> None:
    said = {x["check"]: x for x in verifier.verify(made(PLAIN), text or "x")}

    assert said["signature"]["state"] == "broken"


# ------------------------------------------------------------------------------------------------------ hostile bytes


def _with(data: bytes, name: str, content: bytes) -> bytes:
    return zip_of({**entries_of(data), name: content})


HOSTILE = {
    "deep nesting": lambda d: _with(d, "result.json", b"[" * 200_000 + b"]" * 200_000),
    "huge number": lambda d: _with(d, "log.jsonl", b'{"v":' + b"9" * 100_000 + b"}\n"),
    "a fraction": lambda d: _with(d, "result.json", entries_of(d)["result.json"].replace(b'"v":1}', b'"v":1.0}')),
    "an exponent": lambda d: _with(d, "result.json", b'{"v":1e400}'),
    "NaN": lambda d: _with(d, "result.json", b'{"v":NaN}'),
    "a repeated name": lambda d: _with(d, "result.json", b'{"v":1,' + entries_of(d)["result.json"][1:]),
    "spaces": lambda d: _with(d, "result.json", entries_of(d)["result.json"] + b"\n"),
    "not UTF-8": lambda d: _with(d, "openings.jsonl", b"\xff\xfe"),
    "half a surrogate": lambda d: _with(d, "result.json", b'{"v":"\\ud800"}'),
    "not NFC": lambda d: _with(
        d,
        "result.json",
        entries_of(d)["result.json"].replace("phòng".encode(), unicodedata.normalize("NFD", "phòng").encode()),
    ),
    "a list for an object": lambda d: _with(d, "result.json", b"[]"),
    "an empty log": lambda d: _with(d, "log.jsonl", b""),
    "a cut line": lambda d: _with(d, "log.jsonl", entries_of(d)["log.jsonl"][:-1]),
    "an empty note": lambda d: _with(d, "checkpoint.txt", b""),
    "one more file": lambda d: zip_of({**entries_of(d), "extra.txt": b""}),
    "a path that climbs": lambda d: zip_of({"../result.json": b"", **entries_of(d)}),
    "files in another order": lambda d: zip_of(dict(reversed(entries_of(d).items()))),
    "bytes before": lambda d: b"#!" + d,
    "bytes after": lambda d: d + b"\x00",
    "nothing": lambda d: b"",
    "no zip": lambda d: b"PK\x05\x06" + b"\xff" * 18,
    "a cut zip": lambda d: d[: len(d) // 2],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_get_one_sentence(name: str) -> None:
    data = HOSTILE[name](made(PLAIN))
    sentences = broken_in(data)

    assert data != made(PLAIN)
    assert sentences
    assert not any("lường trước" in sentence for sentence in sentences.values())


@pytest.mark.parametrize("how", ["compressed", "dated", "twice"])
def test_a_zip_of_another_make_is_refused(how: str) -> None:
    out = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if how == "compressed" else zipfile.ZIP_STORED
    with (
        pytest.warns(UserWarning, match="Duplicate name") if how == "twice" else zipfile.ZipFile(io.BytesIO(), "w"),
        zipfile.ZipFile(out, "w", kind) as archive,
    ):
        for name, content in entries_of(made(PLAIN)).items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0) if how == "dated" else (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            for _ in range(2 if how == "twice" and name == "result.json" else 1):
                archive.writestr(info, content, kind)

    assert set(broken_in(out.getvalue())) == {"shape"}


# ----------------------------------------------------------------------------------------------------------- mutations


def mutants_accepted(count: int, seed: int = 1) -> list[str]:
    """The changes that the verifier did not see."""
    accepted = []
    for name, data in outsiders(count, seed):
        wrong = broken_in(data)
        if not wrong or "lường trước" in str(wrong):
            accepted.append(f"{name} {wrong}")
    return accepted


def test_true_is_not_one() -> None:
    files = entries_of(made(PLAIN))
    name = next(x for x in files if x.startswith("draws/"))
    changed = {**files, name: files[name].replace(b'"v":1}', b'"v":true}')}

    assert changed != files
    assert set(broken_in(zip_of(changed))) == {"draws"}


def test_answers_are_answers() -> None:
    play = Made(PLAIN)
    codes = next(x["payload"] for x in play.log.entries if x["event"] == "codes:sealed")
    codes["map"][0]["answers_seq"] = 1

    assert "không khớp với bản ghi số 1" in broken_in(play.finish())["codes"]


def test_no_mutation_passes() -> None:
    assert mutants_accepted(MUTATIONS) == []


def insiders_accepted(count: int, seed: int = 1) -> list[str]:
    """The changes of one leaf, signed and approved again by whoever owns everything, that the verifier did not see."""
    accepted = []
    for name, is_free, data in insiders(count, seed):
        wrong = broken_in(data)
        if (not wrong and not is_free) or "lường trước" in str(wrong):
            accepted.append(f"{name} {wrong}")
    return accepted


def test_no_figure_can_be_changed_by_who_owns_everything() -> None:
    assert insiders_accepted(INSIDERS) == []


# ------------------------------------------------------------------------------------------------------- the one file


def test_one_file_of_the_standard_library_without_a_float() -> None:
    text = VERIFIER.read_text(encoding="utf-8")
    module = ast.parse(text, feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([x.name for x in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    floats = [
        node.lineno
        for node in ast.walk(module)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
    ]

    assert floats == []
    assert imported <= set(sys.stdlib_module_names) - {"socket", "urllib", "http", "ssl", "subprocess"}
    assert len(text.splitlines()) <= LONGEST
    assert max(map(len, text.splitlines())) <= WIDEST


def test_every_sentence_says_the_same_values_in_both_languages() -> None:
    import string

    for key, words in verifier.SENTENCES.items():
        vietnamese, english = ({x[1] for x in string.Formatter().parse(text) if x[1]} for text in words)
        assert vietnamese == english, key


def test_command_needs_nothing_but_the_two_files(tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(made(PLAIN))
    (tmp_path / "fraud.zip").write_bytes(FRAUDS["two ranks swapped"][0]()[0])
    (tmp_path / "verify.py").write_bytes(VERIFIER.read_bytes())
    command = [sys.executable, "-I", "-S", "verify.py"]
    keys = ["--log-key", LOG_VERIFIER_KEY, "--witness", WITNESS_VERIFIER_KEYS[0], "--quorum", "1"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False
        )

    honest, fraud, missing = run("bundle.zip", *keys, "--english"), run("fraud.zip", *keys), run("nothing.zip")
    answer = json.loads(run("bundle.zip", "--json").stdout)

    assert (honest.returncode, honest.stderr, "✗" in honest.stdout) == (0, "", False)
    assert "The root over" in honest.stdout
    assert (fraud.returncode, fraud.stderr) == (1, "")
    assert "✗" in fraud.stdout
    assert (missing.returncode, missing.stderr) == (1, "")
    assert "nothing.zip: không đọc được tệp này" in missing.stdout
    assert "chưa kiểm được gì" in missing.stdout
    assert (answer["ok"], answer["pinned"]) == (True, False)
    # Names and keys with bytes that are no text: a sentence, not a traceback.
    for arguments in (
        ["nothing\udcff.zip"],
        ["bundle.zip", "--log-key", "\udcff"],
        ["bundle.zip", "--witness", "\udcff"],
    ):
        said = run(*arguments)
        assert (said.returncode, said.stderr, "\ufffd" in said.stdout) == (1, "", True), arguments


def test_page_has_the_same_tables() -> None:
    assert SCRIPT_PATH.read_text(encoding="utf-8") == tables_script()
