"""Result bundles of invented competitions, written from the public format alone.

Neither the product nor the verifier is imported: scores are `Decimal` here and whole hundredths there, signatures are
made by `cryptography` here and checked by hand there. What the two agree on is the format.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.factories.passkeys import Passkey

CODE = "HP-2026-01"
ORIGIN = f"thituyen.example/{CODE}"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESSES = {f"witness-{n}.example": Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3)}
VERIFIER = Path(__file__).parents[2] / "examsite" / "bundle" / "verify.py"
HOLDERS = ["HD1", "HD2", "HD3"]


def canonical(value: Any) -> str:
    """Canonical JSON of values whose names are plain ASCII."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def text_of(score: Decimal | int) -> str:
    return str(Decimal(score).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1 as it is written there: split at the largest power of two below the size."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha(b"\x01" + root_of(leaves[:split]) + root_of(leaves[split:]))


def path_of(leaves: list[bytes], index: int) -> list[bytes]:
    """RFC 9162 §2.1.3.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*path_of(leaves[:split], index), root_of(leaves[split:])]
    return [*path_of(leaves[split:], index - split), root_of(leaves[:split])]


def public_of(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(name: str, kind: int, key: Ed25519PrivateKey) -> bytes:
    return sha(name.encode() + b"\n" + bytes([kind]) + public_of(key))[:4]


def verifier_key(name: str, kind: int, key: Ed25519PrivateKey) -> str:
    tail = base64.b64encode(bytes([kind]) + public_of(key)).decode()
    return f"{name}+{key_id(name, kind, key).hex()}+{tail}"


LOG_VERIFIER_KEY = verifier_key(ORIGIN, 1, LOG_KEY)
WITNESS_VERIFIER_KEYS = [verifier_key(name, 4, key) for name, key in WITNESSES.items()]


def with_note(note: Any) -> bytes:
    """A bundle whose rule set says something of its own among the notes."""
    play = Made(Plan(seed=1))
    play.ruleset["notes"]["own"] = note
    return play.finish()


def nested(depth: int) -> Any:
    """Lists in lists, so many."""
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


def with_short_signature(name: str, kind: int, key: Ed25519PrivateKey, length: int) -> bytes:
    """A bundle to whose checkpoint somebody on the way appended a line of a known key with so few bytes."""
    play = Made(Plan(seed=1))
    play.finish()
    files = play.files()
    line = base64.b64encode(key_id(name, kind, key) + b"\0" * length).decode()
    files["checkpoint.txt"] += f"— {name} {line}\n".encode()
    return zip_of(files)


def checkpoint_of(lines: list[str], key: Ed25519PrivateKey = LOG_KEY, *, cosigned: bool = True) -> str:
    """The signed note over the records, cosigned by every witness."""
    root = base64.b64encode(root_of([sha(b"\x00" + line.encode()) for line in lines])).decode()
    body = f"{ORIGIN}\n{len(lines)}\n{root}\n"
    signatures = [(ORIGIN, key_id(ORIGIN, 1, key) + key.sign(body.encode()))]
    for name, witness in WITNESSES.items() if cosigned else ():
        signed = witness.sign(f"cosignature/v1\ntime 1796090400\n{body}".encode())
        signatures.append((name, key_id(name, 4, witness) + (1796090400).to_bytes(8, "big") + signed))
    return body + "\n" + "".join(f"— {name} {base64.b64encode(data).decode()}\n" for name, data in signatures)


def zip_of(files: dict[str, bytes]) -> bytes:
    """The files stored in their order, dated 1980-01-01, with the same bytes on every machine."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def permuted(document: dict[str, Any]) -> list[str]:
    """The permutation of a draw, word by word as the format says."""
    seed = sha(canonical(document).encode())
    items = list(document["items"])

    def words() -> Any:
        block = 0
        while True:
            data = sha(seed + block.to_bytes(8, "big"))
            for start in range(0, 32, 8):
                yield int.from_bytes(data[start : start + 8], "big")
            block += 1

    stream = words()
    for k in reversed(range(1, len(items))):
        word = next(stream)
        while word >= (2**64 // (k + 1)) * (k + 1):
            word = next(stream)
        items[k], items[word % (k + 1)] = items[word % (k + 1)], items[k]
    return items


@dataclass
class Log:
    """Records with their payloads and salts; nothing is hashed before it is asked for, so payloads may be changed."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def record(self, event: str, actor: str, subject: str, payload: Any) -> int:
        self.entries.append({"event": event, "actor": actor, "subject": subject, "payload": payload})
        return len(self.entries) - 1

    def salt(self, seq: int) -> bytes:
        return sha(b"salt" + seq.to_bytes(8, "big"))

    def lines(self) -> list[str]:
        made = []
        for seq, entry in enumerate(self.entries):
            seconds, milliseconds = divmod(seq * 250, 1000)
            minutes, second = divmod(seconds, 60)
            hours, minute = divmod(minutes, 60)
            at = f"2026-12-{1 + hours // 24:02d}T{hours % 24:02d}:{minute:02d}:{second:02d}.{milliseconds:03d}Z"
            commit = sha(self.salt(seq) + canonical(entry["payload"]).encode()).hex()
            kept = {name: entry[name] for name in ("event", "actor", "subject")}
            made.append(canonical({"v": 1, "seq": seq, "at": at, "commit": commit, **kept}))
        return made


NEVER_OPENED = {
    *("answers:submitted", "answers:amended", "roles:fixed", "log:opened", "notice:published", "paper:set-aside"),
}


@dataclass
class Plan:
    """What is drawn for one competition; the rest follows from the seed."""

    seed: int = 0
    kinds: tuple[str, ...] = ("blind-pair", "panel")
    posts: int = 2
    candidates: int = 4
    straddle: str = "mean"
    after_discussion: str = "shown"
    closed: tuple[str, ...] = ()
    #: Whether versions of papers are drawn, and whether the version drawn is the one that is opened.
    draws_papers: bool = False
    obeys_draws: bool = True
    #: Who says in time that the version drawn cannot be used, if anybody does.
    sets_aside: str = ""
    objective: bool = True
    opened_roles: bool = False
    ties: int = 30
    plain: bool = False
    #: What three different marks come to.
    third: str = "collective"
    obeys_third: bool = True
    #: How many of those who approve sign with a passkey.
    passkeys: int = 0


def by_third_rule(rule: str, totals: list[Decimal]) -> str:
    """The score of three different totals, as the README of the verifier says."""
    low, middle, high = sorted(totals)
    counted = {"mean": [low, middle, high], "median": [middle]}.get(rule)
    if counted is None:
        counted = min(([low, middle], [middle, high]), key=lambda pair: pair[1] - pair[0])
        counted = [low, middle, high] if middle - low == high - middle else counted
    return str((sum(counted, Decimal(0)) / len(counted)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def passkey_says(place: int, digest: str, *, is_verified: bool = True) -> dict[str, str]:
    """What the passkey of the approver at this place signs over a result."""
    key = ec.derive_private_key(place + 1, ec.SECP256R1())
    device = Passkey(is_verified=is_verified, id=bytes([place + 1]) * 32, key=key)
    challenge = base64.urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode()
    answer = json.loads(device.signs({"challenge": challenge}))
    x, y = (number.to_bytes(32, "big") for number in device.point)
    cose = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + y
    return {
        "credential": answer["id"],
        "public_key": base64.urlsafe_b64encode(cose).rstrip(b"=").decode(),
        "authenticator_data": answer["response"]["authenticatorData"],
        "client_data": answer["response"]["clientDataJSON"],
        "signature": answer["response"]["signature"],
    }


class Made:
    """A competition played from its plan: the log, the result, and the bundle they make."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.random, self.log = plan, Random(plan.seed), Log()
        self.previous = ""
        self.withheld: set[int] = set()
        self.result: dict[str, Any] = {}
        self.incidents: list[tuple[int, dict[str, Any]]] = []
        self.sent: dict[tuple[str, str], int] = {}
        self.sealed: dict[str, int] = {}
        self.held: list[Callable[[], None]] = []
        self.drawn: dict[str, list[str]] = {}
        self._play()

    # ------------------------------------------------------------------------------------------------------- the play

    def _play(self) -> None:
        self._fix()
        self._papers()
        for rule in self.written:
            self._sit(rule)
        for rule in self.written:
            self._mark(rule)
        for rule in self.written:
            self._open_codes(rule)
        for rule in self.written:
            self._publish_and_appeal(rule)
        self._deduct()
        for rule in self.ruleset["parts"]:
            if rule["kind"] == "panel":
                self._defend(rule)
        self.compute()

    def _fix(self) -> None:
        plan, record = self.plan, self.log.record
        weights = {1: ["100.00"], 2: ["40.00", "60.00"], 3: ["20.00", "30.00", "50.00"]}[len(plan.kinds)]
        own = {
            "blind-pair": {
                "mean_at_most": "5.00",
                "third_from": "10.00",
                "straddle": plan.straddle,
                "appeal_adopt_below": "5.00",
            },
            "panel": {"gap_limit": "10.00", "least_markers": 2, "after_discussion": plan.after_discussion},
            "machine": {},
        }
        names = {"blind-pair": "written", "panel": "defence", "machine": "knowledge"}
        parts = [
            {"part": names[kind], "kind": kind, "maximum": "100.00", "pass": "50.00", "weight": weight, **own[kind]}
            for kind, weight in zip(plan.kinds, weights, strict=True)
        ]
        notes: dict[str, Any] = {"source": "lựa chọn của hội đồng"}
        if plan.third != "collective":
            notes["settings"] = {"third_rule": plan.third}
        if plan.closed:
            notes["closed_to_public"] = sorted(plan.closed)
        self.ruleset = {
            "name": "hai-phong-pilot",
            "parts": parts,
            "tie_break": [part["part"] for part in reversed(parts)],
            "deductions": "largest",
            "minimum_candidates": 2,
            "approvals": {"council": 3, "authority": 1},
            "notes": notes,
        }
        self.written = [part for part in parts if part["kind"] != "panel"]
        self.posts = [
            {"code": f"P{n}", "title": f"Trưởng phòng {n}", "vacancies": self.random.choice([1, 1, 2])}
            for n in range(1, plan.posts + 1)
        ]
        width = 10 ** (3 + len(str(plan.posts * plan.candidates)) // 2)
        codes = self.random.sample(range(width, 10 * width), plan.posts * plan.candidates)
        self.candidates = sorted(
            (post["code"], f"C{code}")
            for post, group in zip(self.posts, range(plan.posts), strict=True)
            for code in codes[group * plan.candidates : (group + 1) * plan.candidates]
        )
        self.post_of = {code: post for post, code in self.candidates}
        self.place_of = {code: place for place, (_post, code) in enumerate(self.candidates)}
        self.parts: dict[tuple[str, str], dict[str, Any]] = {}
        self.rubrics = [
            self._rubric(rule, post["code"], None) for rule in parts for post in self.posts if rule["kind"] == "panel"
        ]
        record("log:opened", "system", f"competition/{CODE}", {"code": CODE})
        fixed = {"ruleset": self.ruleset, "posts": self.posts, "rubrics": list(self.rubrics)}
        record("ruleset:frozen", "organiser/TK1", f"competition/{CODE}", fixed)
        people = [
            {"pseudonym": name, "person": f"person {n}"}
            for n, name in enumerate(["M01", "M02", "M03", "M04", *HOLDERS])
        ]
        self.roles_seq = record("roles:fixed", "organiser/TK1", f"competition/{CODE}", {"people": people})
        record("notice:published", "organiser/TK1", f"competition/{CODE}", {"text": "Thông báo thi tuyển"})
        listed = [{"code": code, "post": post} for code, post in sorted((code, post) for post, code in self.candidates)]
        record("roster:fixed", "organiser/TK1", f"competition/{CODE}", {"candidates": listed})

    def _rubric(self, rule: dict[str, Any], post: str, paper: str | None) -> dict[str, Any]:
        def line(name: str, maximum: str, step: str, *, system: bool) -> dict[str, Any]:
            return {"criterion": name, "maximum": maximum, "step": step, "system": system}

        if rule["kind"] == "machine":
            criteria = [line("Q1", "60.00", "2.00", system=True), line("Q2", "40.00", "2.00", system=True)]
        elif rule["kind"] == "panel":
            criteria = [
                line("Trình bày", "40.00", "0.50", system=False),
                line("Trả lời", "60.00", "0.50", system=False),
            ]
        elif self.plan.objective:
            criteria = [
                line("TN", "20.00", "1.00", system=True),
                line("Câu 1", "50.00", "0.50", system=False),
                line("Câu 2", "30.00", "0.50", system=False),
            ]
        else:
            criteria = [line("Câu 1", "60.00", "0.50", system=False), line("Câu 2", "40.00", "0.50", system=False)]
        return {"part": rule["part"], "post": post, "paper": paper, "criteria": criteria}

    def _papers(self) -> None:
        record = self.log.record
        for rule in self.written:
            for post in self.posts:
                for version in ("1", "2"):
                    paper = f"{rule['part']}-{post['code']}-{version}"
                    rubric = self._rubric(rule, post["code"], paper)
                    sealed = {"age_sha256": sha(paper.encode()).hex(), "paper_sha256": sha(b"p" + paper.encode()).hex()}
                    record("paper:sealed", "setter/RD1", f"paper/{paper}", {**sealed, "rubric": rubric})
                    if version == "1":
                        self.rubrics.append(rubric)

    def _draw(self, name: str, items: list[str], *, first: str | None = None) -> Callable[[], None]:
        """Commit to a draw; the act that holds it. With `first` the numbers are such that this one comes out first."""
        while True:
            nonces = {"chair": self.random.randbytes(32), "secretary": self.random.randbytes(32)}
            contributions = [{"by": by, "nonce": nonce.hex()} for by, nonce in sorted(nonces.items())]
            document = {
                "v": 1,
                "competition": CODE,
                "draw": name,
                "items": items,
                "contributions": contributions,
                "public": {"source": "none", "value": ""},
            }
            if first in (None, permuted(document)[0]):
                break
        commitments = [{"by": by, "sha256": sha(nonce).hex(), "age": "YWdl"} for by, nonce in sorted(nonces.items())]
        committed = {"items": items, "commitments": commitments, "public": {"source": "none"}}
        self.log.record("draw:committed", "council/HD1", f"draw/{name}", committed)
        self.drawn[name] = permuted(document)

        def hold() -> None:
            held = {"document": document, "outcome": permuted(document)}
            self.log.record("draw:held", "council/HD1", f"draw/{name}", held)

        return hold

    def _part(self, rule: dict[str, Any], code: str) -> dict[str, Any]:
        """The part of a candidate, made when the candidate reaches it."""
        empty = {
            "part": rule["part"],
            "paper": None,
            "script": None,
            "absent": False,
            "void": False,
            "marks": [],
            "settlement": None,
            "appeal": None,
            "deduction": None,
            "score": None,
            "passed": False,
        }
        return self.parts.setdefault((code, rule["part"]), empty)

    def _sit(self, rule: dict[str, Any]) -> None:
        record, chance, sitting = self.log.record, self.random, f"sitting/S-{rule['part']}"
        papers = {post["code"]: f"{rule['part']}-{post['code']}-1" for post in self.posts}
        if self.plan.draws_papers and rule is self.written[0]:
            for post, paper in papers.items():
                versions = [paper, f"{paper[:-1]}2"]
                self._draw(f"paper-version-{post}", versions, first=versions[not self.plan.obeys_draws])()
                if self.plan.sets_aside:
                    record(
                        "paper:set-aside", self.plan.sets_aside, f"paper/{versions[1]}", {"reason": "in thiếu trang"}
                    )
        for paper in papers.values():
            record("paper:opened", "council/HD1", f"paper/{paper}", {"holders": HOLDERS})
        record("sitting:started", "system", sitting, {"papers": papers})
        absent = [] if self.plan.plain else [code for _post, code in self.candidates if chance.random() < 0.08]
        if absent:  # a mistake of the door, put right by the last minutes
            record(
                "attendance:recorded",
                "invigilator/G1",
                sitting,
                {"part": rule["part"], "absent": [code for _post, code in self.candidates]},
            )
        record("attendance:recorded", "invigilator/G1", sitting, {"part": rule["part"], "absent": absent})
        present = [(post, code) for post, code in self.candidates if code not in absent]
        for post, code in self.candidates:
            part = self._part(rule, code)
            part["absent"], part["paper"] = code in absent, None if code in absent else papers[post]
        for _post, code in chance.sample(present, len(present)):
            answers = {"candidate": code, "answers": [{"question": "Q1", "text": f"Quản lý là… {code}"}]}
            seq = record("answers:submitted", chance.choice(["candidate", "system"]), sitting, answers)
            if chance.random() < 0.1:
                seq = record("answers:amended", "organiser/TK1", sitting, {**answers, "reason": "tệp nộp bằng USB"})
            self.sent[code, rule["part"]] = seq
        record("sitting:closed", "system", sitting, {"papers": papers})
        for _post, code in present:
            odds = 1.0 if self.plan.plain else chance.random()
            if odds < 0.15:
                void, percent = odds < 0.04, chance.choice(["25.00", "50.00"])
                measure = {
                    "candidate": code,
                    "part": rule["part"],
                    "measure": "cảnh cáo",
                    "percent": None if void else percent,
                    "void": void,
                }
                seq = record("incident:decided", "council/HD1", sitting, measure)
                self.parts[code, rule["part"]]["void"] |= void
                self.incidents.append((seq, measure))
        room = max(4000, 3 * len(present))
        first = 1 + room * self.written.index(rule)  # a script code stands once in a competition
        codes = [f"{number:05d}" for number in sorted(chance.sample(range(first, first + room), len(present)))]
        hold = self._draw(f"script-codes-{rule['part']}", codes)
        self.held.append(hold)
        in_order = sorted(code for _post, code in present)
        for code, script in zip(in_order, self.drawn[f"script-codes-{rule['part']}"], strict=True):
            self.parts[code, rule["part"]]["script"] = script
        rows = [
            {
                "candidate": code,
                "script": part["script"],
                "answers_seq": self.sent[code, rule["part"]],
                "content": sha(b"content" + part["script"].encode()).hex(),
            }
            for (code, name), part in self.parts.items()
            if name == rule["part"] and part["script"]
        ]
        rows.sort(key=lambda row: row["script"])
        self.sealed[rule["part"]] = record("codes:sealed", "keeper/K1", f"codes/{rule['part']}", {"map": rows})

    # ----------------------------------------------------------------------------------------------------- the marking

    def _lock(self, rule: dict[str, Any], code: str, marker: str, turn: int | str, total: Decimal) -> dict[str, Any]:
        """A mark of this total, locked; it is told as the result tells it."""
        part, post = self.parts[code, rule["part"]], self.post_of[code]
        rubric = next(
            x for x in self.rubrics if (x["part"], x["post"], x["paper"]) == (rule["part"], post, part["paper"])
        )
        points, left = {}, total
        for line in rubric["criteria"]:
            if line["system"] == (marker == "system"):
                given = min(left, Decimal(line["maximum"]))
                points[line["criterion"]] = text_of(given)
                left -= given
        assert left == 0, "the total is more than the rubric holds"
        panel = rule["kind"] == "panel"
        mark = {"part": rule["part"], "round": turn, "points": points, "total": text_of(total)}
        mark["content"] = None if panel else sha(b"content" + part["script"].encode()).hex()
        subject = f"defence/{code}" if panel else f"script/{part['script']}"
        actor = "system" if marker == "system" else f"{'panel' if panel else 'marker'}/{marker}"
        seq = self.log.record("mark:locked", actor, subject, mark)
        return {"seq": seq, "marker": marker, "round": turn, "points": points, "total": text_of(total)}

    def _withdraw(self, subject: str, mark: dict[str, Any]) -> None:
        told = {"seq": mark["seq"], "reason": "chấm nhầm phiếu", "second": "HD1"}
        self.log.record("mark:withdrawn", "head/TB", subject, told)

    def _whole(self, part: dict[str, Any], mark: dict[str, Any]) -> Decimal:
        system = sum(Decimal(x["total"]) for x in part["marks"] if x["marker"] == "system")
        return Decimal(mark["total"]) + system

    def _human_total(self, code: str, rule: dict[str, Any]) -> Decimal:
        top = 70 if self.plan.objective and rule["kind"] == "blind-pair" else 85
        return Decimal(Random(f"{self.plan.seed}{self._twin(code)}{rule['part']}").randrange(80, top * 2)) / 2

    def _twin(self, code: str) -> str:
        """Now and then two neighbours do equally well, so that ranks are shared."""
        place = self.place_of[code]
        shared = place % 2 and Random(f"{self.plan.seed}twin{place // 2}").randrange(100) < self.plan.ties
        return self.candidates[place - 1][1] if shared else code

    def _mark(self, rule: dict[str, Any]) -> None:
        works = sorted(
            (part["script"], code)
            for (code, name), part in self.parts.items()
            if name == rule["part"] and part["script"]
        )
        rubric = next(x for x in self.rubrics if x["part"] == rule["part"])
        system = sum((Decimal(x["maximum"]) for x in rubric["criteria"] if x["system"]), Decimal(0))
        for again in range(2 if system and not self.plan.plain else 1):
            if again:
                faulty = next(x["criterion"] for x in rubric["criteria"] if x["system"])
                for post in self.posts:
                    told = {"criterion": faulty, "ruling": "mọi thí sinh được điểm", "second": "RD2"}
                    self.log.record("item:decided", "setter/RD1", f"paper/{rule['part']}-{post['code']}-1", told)
            for _script, code in works if system else ():
                total = Decimal(
                    Random(f"{self.plan.seed}{self._twin(code)}s").randrange(int(system) // 4, int(system) // 2 + 1) * 2
                )
                self.parts[code, rule["part"]]["marks"] = [self._lock(rule, code, "system", 0, total)]
        if rule["kind"] == "machine":
            for _script, code in works:
                part = self.parts[code, rule["part"]]
                if not part["void"]:
                    part["settlement"] = {"step": "machine", "seq": None, "score": part["marks"][0]["total"]}
            return
        for script, code in works:
            self._mark_twice(rule, code, script)

    def _mark_twice(self, rule: dict[str, Any], code: str, script: str) -> None:
        part, chance, subject = (
            self.parts[code, rule["part"]],
            Random(f"{self.plan.seed}{self._twin(code)}pair"),
            f"script/{script}",
        )
        first, second, third = chance.sample(["M01", "M02", "M03"], 3)
        total = self._human_total(code, rule)
        gap = Decimal(chance.choice(["0", "0.5", "5", "5.5", "9.5", "10", "14"]))
        marks = [self._lock(rule, code, first, 1, total)]
        if chance.random() < 0.15:
            self._withdraw(subject, marks.pop())
            marks = [self._lock(rule, code, first, 1, total)]
        marks.append(self._lock(rule, code, second, 1, total - gap))
        part["marks"] += marks
        decided: list[int] = []

        def decide(step: str) -> dict[str, Any]:
            score = text_of(self._whole(part, marks[0]) - gap / 2)
            if step == "collective" != self.plan.third and self.plan.obeys_third:
                score = by_third_rule(
                    self.plan.third, [self._whole(part, mark) for mark in part["marks"] if mark["round"] != 0]
                )
            told = {"part": rule["part"], "step": step, "score": score, "reason": "hai người chấm đã trao đổi"}
            decided.append(self.log.record("settlement:decided", "head/TB", subject, told))
            return {"step": step, "seq": decided[-1], "score": score}

        x, y = (self._whole(part, mark) for mark in marks)
        straddles = rule["straddle"] == "head" and (x >= 50) != (y >= 50)
        if gap < 10 and (gap > 5 or straddles) and chance.random() < 0.2:
            decide("discussed")  # decided once, then the second marker's lock is withdrawn and given anew
            self._withdraw(subject, part["marks"].pop())
            part["marks"].append(self._lock(rule, code, second, 1, total - gap))
        if gap <= 5 and not straddles:
            settlement = {"step": "mean", "seq": None, "score": text_of((x + y) / 2)}
        elif gap < 10:
            settlement = decide("discussed")
        else:
            closer = chance.choice([total, total - gap, total - 1])
            part["marks"].append(self._lock(rule, code, third, 2, closer))
            z = self._whole(part, part["marks"][-1])
            settlement = (
                {"step": "third-equal", "seq": None, "score": text_of(z)} if z in (x, y) else decide("collective")
            )
        part["settlement"] = None if part["void"] else settlement

    def _open_codes(self, rule: dict[str, Any]) -> None:
        opened = {"sealed_seq": self.sealed[rule["part"]], "holders": HOLDERS}
        self.log.record("codes:opened", "council/HD1", f"codes/{rule['part']}", opened)
        self.held.pop(0)()

    def _publish_and_appeal(self, rule: dict[str, Any]) -> None:
        self.log.record("written:published", "organiser/TK1", f"competition/{CODE}", {"part": rule["part"]})
        if rule["kind"] != "blind-pair":
            return
        for (code, name), part in list(self.parts.items()):
            chance = Random(f"{self.plan.seed}{code}appeal")
            if name != rule["part"] or not part["settlement"] or self.plan.plain or chance.random() > 0.3:
                continue
            system = sum((Decimal(x["total"]) for x in part["marks"] if x["marker"] == "system"), Decimal(0))
            total = Decimal(part["settlement"]["score"]) - system
            total = (total * 2).to_integral_value() / 2 - Decimal(chance.choice(["0", "1.5", "4.5", "5", "7"]))
            marks = [self._lock(rule, code, "M04", "appeal-1", total)]
            marks.append(self._lock(rule, code, "M05", "appeal-2", total - chance.choice([0, 1])))
            if marks[0]["total"] != marks[1]["total"]:
                marks.append(self._lock(rule, code, "M06", "appeal-3", total - chance.choice([0, 1, 2])))
            totals = [self._whole(part, mark) for mark in marks]
            equal = [x for x in totals if totals.count(x) > 1]
            again = Decimal(text_of(equal[0] if equal else sum(totals) / 3))
            appeal = {"step": "adopted", "marks": marks, "seq": None, "score": text_of(again)}
            if abs(again - Decimal(part["settlement"]["score"])) >= 5:
                told = {"part": name, "score": text_of(again - 1), "reason": "đối thoại có biên bản"}
                seq = self.log.record("appeal:decided", "council/HD1", f"script/{part['script']}", told)
                appeal.update({"step": "chair", "seq": seq, "score": told["score"]})
            part["appeal"] = appeal

    def _deduct(self) -> None:
        for seq, measure in self.incidents:
            part = self.parts[measure["candidate"], measure["part"]]
            if measure["percent"] and part["settlement"]:
                told = {"part": measure["part"], "percent": measure["percent"], "incident_seq": seq}
                applied = self.log.record("deduction:applied", "council/HD1", f"candidate/{measure['candidate']}", told)
                part["deduction"] = {"seq": applied, "percent": measure["percent"]}

    def _score(self, rule: dict[str, Any], part: dict[str, Any]) -> None:
        if part["settlement"]:
            score = Decimal((part["appeal"] or part["settlement"])["score"])
            if part["deduction"]:
                score = score * (100 - Decimal(part["deduction"]["percent"])) / 100
            part["score"] = text_of(score)
            part["passed"] = Decimal(part["score"]) >= Decimal(rule["pass"])

    def _defend(self, rule: dict[str, Any]) -> None:
        for earlier in self.written:
            for _post, code in self.candidates:
                self._score(earlier, self.parts[code, earlier["part"]])
        reached = [
            (post, code)
            for post, code in self.candidates
            if all(self.parts[code, earlier["part"]]["passed"] for earlier in self.written)
        ]
        hold = self._draw("presentation-order", [code for _post, code in reached]) if reached else lambda: None
        hold()
        absent = [code for _post, code in reached if not self.plan.plain and self.random.random() < 0.05]
        told = {"part": rule["part"], "absent": absent}
        self.log.record("attendance:recorded", "invigilator/G2", "session/D1", told)
        for _post, code in reached:
            part = self._part(rule, code)
            part["absent"] = code in absent
            if not part["absent"]:
                self._panel(rule, code, part)

    def _panel(self, rule: dict[str, Any], code: str, part: dict[str, Any]) -> None:
        chance, subject = Random(f"{self.plan.seed}{self._twin(code)}panel"), f"defence/{code}"
        base = self._human_total(code, rule)
        members = [f"U{n}" for n in range(1, chance.choice([2, 3, 3, 5]) + 1)]
        marks = [self._lock(rule, code, who, 1, base + Decimal(chance.choice([0, 0, 1, 3, 5, 13]))) for who in members]
        totals = {mark["marker"]: Decimal(mark["total"]) for mark in marks}
        if chance.random() < 0.3:
            marks.append(self._lock(rule, code, members[0], 2, base + 2))
            if rule["after_discussion"] == "counts":
                totals[members[0]] = base + 2
        part["marks"] = marks
        if max(totals.values()) - min(totals.values()) <= 10:
            mean = sum(totals.values()) / len(totals)
            part["settlement"] = {"step": "mean", "seq": None, "score": text_of(mean)}
        else:
            told = {"part": rule["part"], "step": "head", "score": text_of(base + 4), "reason": "ban chấm đã thảo luận"}
            seq = self.log.record("settlement:decided", "head/TB", subject, told)
            part["settlement"] = {"step": "head", "seq": seq, "score": told["score"]}

    # ------------------------------------------------------------------------------------------------------ the result

    def compute(self) -> None:
        """The result from what was locked and decided, and the decisions on ties that it needs."""
        people = []
        for post, code in self.candidates:
            rules = [rule for rule in self.ruleset["parts"] if (code, rule["part"]) in self.parts]
            parts = [self.parts[code, rule["part"]] for rule in rules]
            for rule, part in zip(rules, parts, strict=True):
                self._score(rule, part)
            person = {"code": code, "post": post, "name": None, "parts": parts, "total": None, "rank": None}
            if all(part["passed"] for part in parts):
                whole = sum(
                    Decimal(rule["weight"]) * Decimal(part["score"]) for rule, part in zip(rules, parts, strict=True)
                )
                person["total"] = text_of(whole / 100)
                person["outcome"] = "passed"
            else:
                fell = [kind for kind in ("void", "absent") if any(part[kind] for part in parts)]
                person["outcome"] = fell[0] if fell else "failed"
            people.append(person)
        posts = [{**post, "tie": None} for post in self.posts]
        for post in posts:
            self._rank(post, [person for person in people if person["post"] == post["code"] and person["total"]])
        people.sort(key=lambda person: (person["post"], person["code"]))
        competition = {"code": CODE, "title": "Thi tuyển chức danh trưởng phòng", "body": "Sở Nội vụ"}
        self.result = {
            "v": 1,
            "competition": competition,
            "ruleset": self.ruleset,
            "rubrics": self.rubrics,
            "posts": posts,
            "candidates": people,
        }

    def compute_again(self) -> None:
        """The same after parts were changed; what was decided on ties stays as it is."""
        entries, posts = list(self.log.entries), self.result["posts"]
        people = {person["code"]: person for person in self.result["candidates"]}
        self.parts = {(code, part["part"]): part for code, person in people.items() for part in person["parts"]}
        for part in self.parts.values():
            part["score"], part["passed"] = None, False
        self.compute()
        self.log.entries = entries
        for post, before in zip(self.result["posts"], posts, strict=True):
            post["tie"] = before["tie"]

    def _rank(self, post: dict[str, Any], ranked: list[dict[str, Any]]) -> None:
        def key(person: dict[str, Any]) -> tuple[Decimal, ...]:
            scores = {part["part"]: Decimal(part["score"]) for part in person["parts"]}
            return (Decimal(person["total"]), *(scores[name] for name in self.ruleset["tie_break"]))

        worst_first = sorted(key(person) for person in ranked)
        for person in ranked:
            person["rank"] = 1 + len(ranked) - bisect_right(worst_first, key(person))
        for rank in sorted({person["rank"] for person in ranked}):
            group = [person for person in ranked if person["rank"] == rank]
            places = post["vacancies"] - rank + 1
            if 0 < places < len(group):
                chosen = sorted(self.random.sample([person["code"] for person in group], places))
                told = {"selected": chosen, "reason": "thâm niên công tác"}
                seq = self.log.record("tie:decided", "authority/TQ", f"post/{post['code']}", told)
                post["tie"] = {"seq": seq, "selected": chosen}
                group = [person for person in group if person["code"] in chosen]
            for person in group if places > 0 else ():
                person["outcome"] = "selected"

    def finish(
        self,
        approvers: tuple[str, ...] = ("council/HD1", "council/HD2", "council/HD3", "authority/TQ"),
        says: Callable[[int, str], Any] = passkey_says,
    ) -> bytes:
        """Approved, published, signed and packed."""
        digest = sha(canonical(self.result).encode()).hex()
        for place, actor in enumerate(approvers):
            said = says(place, digest) if place < self.plan.passkeys else None
            told = {"result_sha256": digest, "assertion": said}
            self.log.record("result:approved", actor, f"competition/{CODE}", told)
        self.log.record("result:published", "organiser/TK1", f"competition/{CODE}", {"result_sha256": digest})
        return self.pack()

    def files(self) -> dict[str, bytes]:
        lines = self.log.lines()
        openings, draws = [], {}
        for seq, entry in enumerate(self.log.entries):
            hidden = entry["event"] in NEVER_OPENED and not (seq == self.roles_seq and self.plan.opened_roles)
            if not hidden and entry["event"] not in self.plan.closed and seq not in self.withheld:
                openings.append({"seq": seq, "salt": self.log.salt(seq).hex(), "payload": entry["payload"]})
                if entry["event"] == "draw:held":
                    draws[f"draws/{entry['subject'][5:]}.json"] = canonical(entry["payload"]["document"]).encode()
        result = canonical(self.result).encode()
        report = b"%PDF-1.7\n" + sha(result).hex().encode() + b"\n%%EOF\n"
        return {
            "result.json": result,
            "log.jsonl": "".join(f"{line}\n" for line in lines).encode(),
            "checkpoint.txt": checkpoint_of(lines).encode(),
            "openings.jsonl": "".join(f"{canonical(opening)}\n" for opening in openings).encode(),
            **dict(sorted(draws.items())),
            "previous.txt": self.previous.encode(),
            "bao-cao.pdf": report,
            "verify.py": VERIFIER.read_bytes(),
            "HUONG-DAN.txt": "Mở thư mục này.\nChạy: python3 verify.py BUNDLE.zip\nĐọc câu cuối.\n".encode(),
        }

    def pack(self) -> bytes:
        return zip_of(self.files())


def made(plan: Plan | None = None) -> bytes:
    """The bundle of an honest competition."""
    return Made(plan or Plan()).finish()
