#!/usr/bin/env python3
"""Verifies a result bundle offline, from its bytes alone; exit code 0 only when nothing is broken.

    python3 verify.py BUNDLE.zip [--log-key KEY] [--witness KEY]… [--quorum N] [--previous OLD.zip]… [--receipt FILE]
                      [--json] [--english]

For anyone with Python ≥ 3.9: standard library only, no network, no line shared with the software that made the bundle.
Each check says one sentence: ✓ holds, ✗ broken (and who or what is at fault), – not checked (and why). Keys never come
from the bundle; a key is a C2SP verifier key (`name+hash+base64`) or 64 hex digits. Scores are whole hundredths.
What the format leaves open is decided in README.md beside this file.
"""

import argparse, base64, gc, hashlib, json, re, struct, sys, unicodedata, zlib
from collections import Counter, defaultdict, namedtuple
from datetime import datetime
from itertools import count, zip_longest
from pathlib import Path
from types import SimpleNamespace

LARGEST = 1 << 30  # bytes of a bundle
FIRST = RESULT, LOG, CHECKPOINT, OPENINGS = ["result.json", "log.jsonl", "checkpoint.txt", "openings.jsonl"]
LAST = PREVIOUS, REPORT, VERIFIER, GUIDE = ["previous.txt", "bao-cao.pdf", "verify.py", "HUONG-DAN.txt"]
# What is said, in Vietnamese | in English: first what each check says when it holds, in the order of the checks.
WORDS = """
shape: Gói có đúng {0} tệp, đúng thứ tự, không nén, không thừa byte nào | The bundle has exactly its {0} files, stored
json: Dữ liệu là JSON chuẩn tắc, mốc ký đúng dạng | The data are canonical JSON, the checkpoint well formed
signature: Chữ ký của sổ {0} đúng với khóa đã cho | The signature of log {0} is right under the given key
witnesses: Có {0} chữ ký nhân chứng đúng, cần {1} | {0} right cosignatures of witnesses; {1} needed
records: {0} bản ghi, số liền nhau, thời điểm không lùi | {0} records, numbered without a gap, time never going back
root: Gốc cây băm của {0} bản ghi đúng với mốc ký | The root over {0} records equals the one in the checkpoint
openings: Cả {0} bản ghi được mở khớp với cam kết | All {0} opened records match their commitments
result: Kết quả của {0} thí sinh đủ thành phần | The result of {0} candidates is complete and well formed
table: Người ghi và đối tượng của mọi bản ghi đúng bảng | Actor and subject of every record are as the format says
opened: Mọi bản ghi phải mở đều được mở | Every record that must be opened is opened
frozen: Bộ quy tắc, chức danh, phiếu chấm đúng bản chốt từ đầu | Rule set, posts, rubrics are as frozen at the start
roster: Danh sách chốt và kết quả gồm cùng những thí sinh | Fixed roster and result have the same candidates
papers: Đề và ca thi đúng trình tự niêm phong, mở, đóng | Papers and sittings were sealed, opened, closed in order
codes: {0} bài đúng thí sinh trong bảng mã niêm phong | {0} scripts have the candidates of the sealed code map
absent: Vắng và hủy bài đúng biên bản | Absent and void are as the minutes say
points: {0} phiếu đủ tiêu chí, đúng bước, cộng đúng | {0} marks cover their criteria, in steps, and sum up
withdrawn: Rút phiếu và câu hỏi lỗi đều do hai người quyết | Withdrawals and faulty items were decided by two people
marks: Mọi phiếu đúng phiếu đã khóa, không thiếu phiếu nào | Every mark is as locked, and none is missing
order: Phiếu khóa sau khi niêm mã, trước khi mở mã | Marks were locked between sealing and opening of the codes
settlements: Xử lý chênh lệch và điểm chốt của {0} phần đúng quy tắc | How {0} gaps were settled follows the rule set
appeals: {0} kết quả phúc khảo tính lại đúng | {0} appeals compute again
deductions: Trừ điểm đúng biên bản, không bỏ sót | Deductions follow the minutes, none is left out
scores: Điểm từng phần và việc đạt tính lại đúng | Every part score and every pass computes again
totals: Tổng điểm tính lại đúng | Every total computes again  ranks: Thứ hạng tính lại đúng | Every rank computes again
ties: Đồng hạng qua chỉ tiêu cuối có người thẩm quyền quyết | Ties across the last vacancy were decided as they must
outcomes: Kết luận của mọi thí sinh đúng | The outcome of every candidate is right
draws: {0} lần bốc thăm tính lại ra đúng kết quả | {0} draws computed again give their outcomes
approvals: {0} người phê duyệt ({1} từ chối) đủ, rồi mới công bố | {0} people approved ({1} refused), then publication
assertions: Mọi phê duyệt có chữ ký cá nhân | Every approval has a personal signature
people: Không ai đứng sau hai bí danh phải khác nhau | Nobody stands behind two pseudonyms that must differ
lineage: Gói thay các gói cũ: {0} | The bundle replaces: {0}
report: Báo cáo mang mã băm của result.json | The report carries the hash of result.json
receipt: Biên nhận đúng: bản ghi số {0}, mã đọc {1} | The receipt is right: record {0}, short code {1}
zip: bị nén, sai ngày, hỏng, quá lớn hoặc có byte lạ trong zip | compressed, wrongly dated, damaged, or strange bytes
names: thừa, thiếu, lặp hoặc sai thứ tự trong gói | one too many, missing, repeated or out of order in the bundle
text: không phải JSON chuẩn tắc (UTF-8, NFC, số, thứ tự, khóa lặp) | not canonical JSON (UTF-8, NFC, numbers, order)
form: sai dạng, phải là {0} | wrong form; must be {0}  match: không khớp với bản ghi số {0} | does not match record {0}
seq: sổ đứt ở đây: gặp số {0}, thời điểm {1} (bỏ, chèn, đổi chỗ) | the log breaks: number {0}, time {1} stands here
root.bad: {1} bản ghi, mốc ký nói {0}, gốc khác: bị bỏ hoặc sửa | {1} records, the checkpoint says {0}: changed
unpinned: chưa ghim khóa, nên chưa kiểm chữ ký; hãy đưa {0} | not pinned, the signature was not checked; give {0}
forged: chữ ký của {0} sai hoặc thiếu: mốc ký bị giả | the signature of {0} is wrong or missing: forged
few: chỉ có {0} trên {1} cần có ({2}) | only {0} of {1} needed ({2})
commit: nội dung mở ra không khớp cam kết trong sổ | what was opened does not match its commitment in the log
twice: lặp, thừa hoặc sai thứ tự | repeated, needless or out of order
kind: không được mở, sai vai hoặc sai đối tượng | may not be opened, or has the wrong role or subject
unseen: không mở cho công chúng nên chưa đối chiếu{0} | not opened to the public and so not compared{0}
parts: thành phần thiếu, thừa, lặp hoặc mâu thuẫn | its members are missing, needless, repeated or in contradiction
missing: thiếu {0} | {0} is missing  closed: phải mở mà bị giữ kín | must be opened but was kept closed
swapped: bài {0} là của thí sinh {1} theo bảng mã: bài bị tráo | script {0} is of candidate {1} in the code map: swapped
sum: điểm của {0} thiếu tiêu chí, lệch bước, quá tối đa hoặc cộng sai | the mark of {0} misses, exceeds or sums badly
raised: điểm của {0} ghi {1}, đã khóa {2} ở bản ghi số {3} | the mark of {0} says {1}, record {3} locked {2}
unlocked: phiếu của {0} (số {1}) không phải phiếu còn hiệu lực | the mark of {0} (record {1}) is no standing mark
left: đã khóa mà không có trong kết quả | was locked but is missing from the result
rounds: sai số lượt chấm, trùng người chấm hoặc sai thứ tự phiếu | wrong number of marks, markers or order
second: cần lý do và người thứ hai khác người ghi | needs a reason and a second person other than the first
order.bad: sai thứ tự so với {0} ở bản ghi số {1} | out of order with {0} of record {1}
undrawn: không theo kết quả bốc thăm {0} | does not follow the draw {0}
differs: {0} phải là {1}, nhưng ghi {2} | the {0} must be {1}, but it says {2}
omitted: bỏ sót khoản trừ {0} % của bản ghi số {1} | the deduction of {0} % of record {1} was left out
nobody: {0} đồng hạng qua chỉ tiêu cuối mà không ai quyết định | {0} tie across the last vacancy and nobody decided
again: phê duyệt hai lần; mỗi người chỉ tính một lần | approved twice; everyone counts once
unpublished: bản kết quả này chưa công bố hoặc đã bị thay | this result was not published, or was replaced
substituted: số dự phòng thay cho số của {0}; hãy hỏi vì sao | a reserve number stands in for that of {0}; ask why
unread.answers: có bài nộp không có số phách ({0}); hãy hỏi vì sao | answers handed in have no script ({0}); ask why
reserve: đã bị bỏ dùng, đề dự phòng thay; hãy hỏi vì sao | set aside, a reserve paper took its place; ask why
unsealed: đề không có tệp niêm phong, có thể đã bị đọc trước | the paper has no sealed file: it may have been read early
unsigned: chữ ký cá nhân của {0} không đúng với kết quả này | the personal signature of {0} does not fit this result
trusted: {0} phê duyệt không có hoặc chưa kiểm chữ ký cá nhân | {0} approvals have no personal signature checked here
hidden: ai đứng sau bí danh không mở trong gói này | who stands behind pseudonyms is not opened here
same: {0} và {1} là cùng một người | {0} and {1} are the same person
first: đây là bản công bố đầu tiên, không thay gói nào | the first publication, it replaces none
old: thay gói {0}, chưa đối chiếu; hãy đưa --previous | replaces bundle {0}, not compared; give --previous
chain: không khớp, hoặc sổ cũ không nằm nguyên trong sổ này | does not match, or the old log was changed in this one
compare: phần không ký, chưa đối chiếu; so mã in với {0} | unsigned, not compared; compare the printed hash with {0}
unread: không đọc được tệp này; xem lại tên, thư mục và quyền đọc | the file cannot be read; check name, folder, rights
verdict: KẾT LUẬN: {0} chỗ hỏng trong {1} điều đã xét{2} | VERDICT: {0} broken among {1} checked{2}
nothing: KẾT LUẬN: chưa kiểm được gì | VERDICT: nothing was checked
pinless: ; chưa ghim khóa | ; no key was given
unforeseen: gặp dữ liệu không lường trước ({0}) | met unforeseen data ({0})
blocked: chưa kiểm, vì một bước trước đã hỏng | not checked, because a step before it is broken
weight: tổng trọng số | sum of the weights  score: điểm | score  passed: việc đạt | pass  step: bước xử lý | step
total: tổng điểm | total  rank: hạng | rank  outcome: kết luận | outcome
"""
SENTENCES = {x.split(": ")[0]: x.split(": ", 1)[1].split(" | ") for x in re.split("\n|  ", WORDS.strip())}
# Shapes of JSON objects, exactly these members. ? may be null, [x] a list of x, * any members of kind x, @ a shape.
# Of records: who may write, what about, payload. + the rule set may close it, ~ is never needed; all else is opened.
TABLE = """
passkey credential=text public_key=text authenticator_data=text client_data=text signature=text;
record v=1 seq=int at=text event=event actor=actor subject=subject commit=hex; opening seq=int salt=hex payload=any;
document v=1 competition=text draw=text items=[text] contributions=[@contribution] public=@public; contribution by=text
nonce=hex; public source=text value=text; result v=1 competition=@competition ruleset=@ruleset rubrics=[@rubric]
posts=[@post] candidates=[@candidate]; competition code=code title=text body=text; ruleset name=text parts=[any]
tie_break=[text] deductions=largest minimum_candidates=int approvals=@approvals notes=any; approvals council=int
authority=int; blind-pair part=code kind=text maximum=score pass=score weight=score mean_at_most=score third_from=score
straddle=mean|head appeal_adopt_below=score; panel part=code kind=text maximum=score pass=score weight=score
gap_limit=score least_markers=int after_discussion=shown|counts; machine part=code kind=text maximum=score pass=score
weight=score; rubric part=code post=code paper=code? criteria=[@criterion]; criterion criterion=text maximum=score
step=score system=bool; vacancies code=code title=text vacancies=int; post code=code title=text vacancies=int
tie=@tie?; tie seq=int selected=[code]; candidate code=code post=code name=text? parts=[@part] total=score? rank=int?
outcome=selected|passed|failed|absent|void; part part=code paper=code? script=code? absent=bool void=bool marks=[@mark]
settlement=@settlement? appeal=@appeal? deduction=@deduction? score=score? passed=bool; mark seq=int marker=code
round=round points=*score total=score; settlement step=text seq=int? score=score; appeal step=text marks=[@mark]
seq=int? score=score; deduction seq=int percent=score; entry code=code post=code; row candidate=code script=code
answers_seq=int content=hex; person pseudonym=code person=text; ruleset:frozen organiser competition ruleset=@ruleset
posts=[@vacancies] rubrics=[@rubric]; ~roles:fixed organiser competition people=[@person]; roster:fixed organiser
competition candidates=[@entry]; +paper:sealed setter paper age_sha256=hex? paper_sha256=hex rubric=@rubric;
+paper:opened council paper holders=[code]; +sitting:started system sitting papers=*code; +sitting:closed system
sitting papers=*code; +attendance:recorded invigilator sitting,session part=code absent=[code]; ~answers:submitted
candidate,system sitting candidate=code answers=[any]; ~answers:amended any sitting candidate=code answers=[any]
reason=text; +incident:decided council sitting candidate=code part=code measure=text percent=score? void=bool;
+draw:committed council draw items=[text] commitments=[*text] public=any; +draw:held council draw document=@document
outcome=[text]; +codes:sealed keeper codes map=[@row]; +codes:opened council codes sealed_seq=int holders=[code];
+item:decided setter paper criterion=text ruling=text second=code; +mark:locked marker,panel,system script,defence
part=code round=round content=hex? points=*score total=score; +mark:withdrawn head script,defence seq=int reason=text
second=code; +settlement:decided head script,defence part=code step=text score=score reason=text; +written:published
organiser competition part=code; +deduction:applied council candidate part=code percent=score incident_seq=int;
+appeal:decided council script part=code score=score reason=text; tie:decided authority post selected=[code]
reason=text; result:approved council,authority competition result_sha256=hex assertion=@passkey?; result:refused
council,authority competition result_sha256=hex reason=text; result:published organiser competition result_sha256=hex
"""
ROWS = [x.split() for x in TABLE.split(";")]
EVENTS = {x[0].lstrip("+~"): (x[0][0], x[1].split(","), x[2].split(",")) for x in ROWS if ":" in x[0]}
SHAPES = {x[0].lstrip("+~"): dict(y.split("=") for y in x[1:] if "=" in y) for x in ROWS}
BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?"  # in its one spelling
# Signs that are not seen, or that move what is: they could make two people of one, or a terminal show another verdict.
UNSEEN = re.compile("[\0-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
CODE = r"[^\s/" + UNSEEN.pattern[1:] + "{1,100}"
PLAIN = {kind: re.compile(pattern).fullmatch for kind, pattern in {
    "score": r"(?:0|[1-9][0-9]{0,7})\.[0-9]{2}", "hex": r"[0-9a-f]{64}", "code": CODE, "text": r"(?s:.*)",
    "event": r"[a-z][a-z-]*:[a-z][a-z-]*",
    "actor": r"system|candidate|(?!(?:system|candidate)/)[a-z]+/(?!(?:system|candidate)$)" + CODE,
    "subject": "[a-z-]+/" + CODE, "base64url": "(?=.)" + BASE64.replace("+/", "_-").replace("=", "")}.items()}
ROUNDS = (0, 1, 2, "appeal-1", "appeal-2", "appeal-3")
THIRD = ("collective", "mean", "median", "closest")  # what three different marks come to; the first: people decide
Fact = namedtuple("Fact", "seq event role name subject says")

class Fault(Exception):
    """Something is broken: where (a file, a Fact, a Work …), the key of the words, their values."""
    state = "broken"
class NotChecked(Fault):
    """Something could not be checked: the same."""
    state = "unchecked"
class Term(str):
    """A value that is a word of its own, said in both languages."""
class Obj(dict):
    """A JSON object whose members are read as attributes."""
    __getattr__ = dict.__getitem__
class Work(Obj):
    """A part of a candidate in the result, with its person, rule, rubric, subject, and the marks of its appeal."""
class Bundle(SimpleNamespace):
    """What is known of a bundle; a check that asks for what a broken one did not leave is not made."""
    def __getattr__(self, name): raise NotChecked(f"“{self.check}”", "blocked", name)

def need(holds, where, key, *values):
    if not holds: raise Fault(where, key, *values)
def h(text): return int(text.replace(".", ""))  # a score as whole hundredths
def s(points): return None if points is None else f"{points // 100}.{points % 100:02d}"
def mean(points): return (2 * sum(points) + len(points)) // (2 * len(points))  # rounded half-up
def listed(facts): return ", ".join(f"{x.seq} {x.subject}" for x in facts)
def member(value, name, default=None): return value.get(name, default) if isinstance(value, dict) else default
def sha256(data): return hashlib.sha256(data).hexdigest()

# --- zip, JSON, shapes ------------------------------------------------------------------------------------------------
def read_zip(data):
    """The entries of a zip in the one layout of the format: every byte of it is accounted for."""
    end, entries, offset, outside = len(data) - 22, {}, 0, None
    need(0 <= end <= LARGEST and data[end:end + 4] == b"PK\5\6", "zip", "zip")
    *zeros, here, number, size, start, comment = struct.unpack("<4H2LH", data[end + 4:])
    need([*zeros, comment, here, start + size] == [0, 0, 0, number, end], "zip", "zip")
    place = start
    for _ in range(number):
        need(place + 46 <= end, "zip", "zip")
        crc, _packed, length, width = struct.unpack("<3LH", data[place + 16:place + 30])
        outside = outside or int.from_bytes(data[place + 38:place + 42], "little")
        name = data[place + 46:place + 46 + width].decode("ascii", "replace")
        common = (20, 0, 0, 0, 0x21, crc, length, length, width, 0)
        central = struct.pack("<4sH5H3L5H2L", b"PK\1\2", 0x314, *common, 0, 0, 0, outside, offset)
        local = struct.pack("<4s5H3L2H", b"PK\3\4", *common) + data[place + 46:place + 46 + width]
        need(data[place:place + 46] == central and data[offset:offset + 30 + width] == local, name, "zip")
        offset, place = offset + 30 + width + length, place + 46 + width
        need(name not in entries, name, "names")
        entries[name] = data[offset - length:offset]
        need(zlib.crc32(entries[name]) == crc and outside >> 16 in (0o600, 0o644) and offset <= start, name, "zip")
    need(offset == start and place == end, "zip", "zip")
    return entries

def _integer(digits):
    if len(digits) > 17 or abs(int(digits)) >= 2**53: raise ValueError(digits[:40])
    return int(digits)
DECODER = json.JSONDecoder(object_hook=Obj, parse_int=_integer, parse_float=int, parse_constant=int)  # no 1.0, no NaN
# RFC 8785, as long as no name of a member has a sign above U+FFFF: `load` refuses those.
canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
ASTRAL, DEEPEST = re.compile('[\U00010000-\U0010ffff][^"\U00010000-\U0010ffff]*":'), 64

def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)

def load(text, where):
    """The value of a canonical JSON text."""
    try:
        value = DECODER.decode(text)
        need(canonical(value) == text and unicodedata.is_normalized("NFC", text), where, "text")
        need(text.count("[") + text.count("{") <= DEEPEST or depth(value) <= DEEPEST, where, "text")
        need(text.isascii() or not ASTRAL.search(text), where, "text")
    except (ValueError, RecursionError): raise Fault(where, "text") from None
    return value

def fits(value, kind, where):
    """Refuses a value that is not of the kind; what fits can be used without further care."""
    plain = PLAIN.get(kind)
    if plain: need(type(value) is str and plain(value), where, "form", kind)
    elif kind[-1] == "?":
        if value is not None: fits(value, kind[:-1], where)
    elif kind[0] == "@":
        names = SHAPES[kind[1:]]
        need(type(value) is Obj and value.keys() == names.keys(), where, "form", names)
        for name, inner in names.items(): fits(value[name], inner, where)
    elif kind[0] in "[*":
        need(type(value) is (list if kind[0] == "[" else Obj), where, "form", kind)
        for item in value if kind[0] == "[" else value.values(): fits(item, kind.rstrip("]")[1:], where)
    elif kind in ("int", "bool"): need(type(value).__name__ == kind and value >= 0, where, "form", kind)
    elif kind != "any":
        words = ROUNDS if kind == "round" else tuple(int(x) if x.isdigit() else x for x in kind.split("|"))
        need(type(value) in (int, str) and value in words, where, "form", "|".join(map(str, words)))

# --- Ed25519, signed notes, the tree, draws ---------------------------------------------------------------------------
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def _add(p, q):
    t = D * p[0] * p[1] * q[0] * q[1] % P
    i = pow(1 - t * t, -1, P)
    return (p[0] * q[1] + q[0] * p[1]) * (1 - t) * i % P, (p[1] * q[1] + p[0] * q[0]) * (1 + t) * i % P

def _times(scalar, point, add=_add, zero=(0, 1)):
    while scalar:
        zero = add(zero, point) if scalar & 1 else zero
        point, scalar = add(point, point), scalar >> 1
    return zero

def _point(data):
    """The point of 32 bytes; None for a spelling that is not canonical, no point, or a point of small order."""
    y, sign = int.from_bytes(data, "little") & (1 << 255) - 1, int.from_bytes(data, "little") >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == sign else P - x
    return None if y >= P or x * x % P != square or _times(8, (x % P, y))[0] == 0 else (x, y)

def verifies(key, message, signature):
    """Whether an Ed25519 signature holds, without the spellings that let two signatures or keys pass for one."""
    a, r, scalar = _point(key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or not a or not r or scalar >= L: return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    base = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    return _times(scalar, base) == _add(r, _times(k, a))

# ECDSA over P-256 with SHA-256, as passkeys sign (FIPS 186-5); keys in COSE, signatures in DER, in their one spelling.
P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
Q256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
G256 = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
        0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)
COSE = re.compile(b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20(.{32})\x22\x58\x20(.{32})", re.DOTALL)

def _chord(p, q):
    if not p or not q: return p or q
    if p[0] == q[0] and p[1] != q[1]: return None
    top, low = (3 * p[0] * p[0] - 3, 2 * p[1]) if p == q else (q[1] - p[1], q[0] - p[0])
    slope = top * pow(low, -1, P256)
    x = (slope * slope - p[0] - q[0]) % P256
    return x, (slope * (p[0] - x) - p[1]) % P256

def passkey_verifies(key, message, signature):
    found, size = COSE.fullmatch(key), signature[3] if 8 <= len(signature) <= 72 else 0
    if not found or not size: return False
    x, y, r, s = (int.from_bytes(x, "big") for x in (*found.groups(), signature[4:4 + size], signature[6 + size:]))
    numbers = (n.to_bytes(n.bit_length() // 8 + 1, "big") for n in (r, s))
    shown = b"".join(b"\2" + bytes([len(x)]) + x for x in numbers)
    if b"\x30" + bytes([len(shown)]) + shown != signature or not 0 < r < Q256 or not 0 < s < Q256: return False
    if max(x, y) >= P256 or len({(v * v - u**3 + 3 * u) % P256 for u, v in (G256, (x, y))}) > 1: return False
    digest, part = int.from_bytes(hashlib.sha256(message).digest(), "big"), pow(s, -1, Q256)
    point = _chord(*(_times(n * part % Q256, at, _chord, None) for n, at in ((digest, G256), (r, (x, y)))))
    return bool(point) and point[0] % Q256 == r

def key_id(name, kind, public):
    """The four bytes by which a C2SP signed note names a key; kind 1 is a log's, 4 a witness's."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]

def read_key(text, kind):
    """Name (None if not given) and public bytes of a verifier key."""
    if re.fullmatch("[0-9a-f]{64}", text): return None, bytes.fromhex(text)
    found = re.fullmatch(rf"([^+]*)\+([^+]*)\+({BASE64})", text)
    name, ident, data = (found[1], found[2], base64.b64decode(found[3])) if found else ("", "", b"")
    good = len(data) == 33 and data[0] == kind and key_id(name, kind, data[1:]).hex() == ident
    need(good, text[:80], "form", "C2SP verifier key, 64 hex")
    return name, data[1:]

NOTE = re.compile(r"([!-*,-~]+)\n([1-9][0-9]{0,9})\n([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)\n\n"
                  f"((?:— [!-*,-~]+ (?!\n){BASE64}\n){{1,64}})")

def read_note(text, where):
    """A checkpoint: origin, size, root, signed text, and (name, key id and signature) of each signer."""
    found = NOTE.fullmatch(text)
    need(found, where, "form", "C2SP tlog-checkpoint")
    signatures = [(name, base64.b64decode(data)) for name, data in re.findall("— (.*) (.*)\n", found[4])]
    return found[1], int(found[2]), base64.b64decode(found[3]), text[:found.end(3) + 1].encode(), signatures

def signed_by(note, key, kind):
    """Whether the note bears this key's signature, and no wrong one under the key's name."""
    mine = [data for owner, data in note[4] if key[0] in (None, owner) and data[:4] == key_id(owner, kind, key[1])]
    text, said = note[3], [(note[3], x[4:]) for x in mine]
    if kind == 4: said = [(b"cosignature/v1\ntime %d\n" % int.from_bytes(x[4:12], "big") + text, x[12:]) for x in mine]
    return bool(said) and all(verifies(key[1], *x) for x in said)

def tree(leaves, index=0):
    """The root over leaf hashes (RFC 9162 §2.1) and the inclusion path of one of them."""
    level, path = list(leaves), []
    while len(level) > 1:
        path += [level[index ^ 1]] if index ^ 1 < len(level) else []
        pairs, odd = range(0, len(level) - 1, 2), level[-1:] if len(level) % 2 else []
        level, index = [hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest() for i in pairs] + odd, index >> 1
    return level[0], path

def permuted(document):
    """The outcome of a draw, computed from its document."""
    seed, items = hashlib.sha256(canonical(document).encode()).digest(), list(document["items"])
    blocks = (hashlib.sha256(seed + struct.pack(">Q", number)).digest() for number in count())
    words = (word for block in blocks for word in struct.unpack(">4Q", block))
    for k in range(len(items) - 1, 0, -1):
        word = next(word for word in words if word < (1 << 64) // (k + 1) * (k + 1))
        items[k], items[word % (k + 1)] = items[word % (k + 1)], items[k]
    return items

# --- checks: bytes, log, openings. When one of BASIC breaks, what comes after it cannot be told -----------------------
BASIC = ("shape", "json", "records", "openings", "result", "table", "opened")

def check_shape(b):
    b.files = read_zip(b.data)
    b.draw_files = sorted(name for name in b.files if re.fullmatch(r"draws/[A-Za-z0-9][A-Za-z0-9._-]*\.json", name))
    for name, found in zip_longest(FIRST + b.draw_files + LAST, b.files): need(name == found, found or name, "names")
    return len(b.files)

def check_json(b):
    text = {}
    for name in [*FIRST, *b.draw_files, PREVIOUS]:
        try: text[name] = b.files[name].decode()
        except UnicodeDecodeError: raise Fault(name, "text") from None
        need(name[-1] != "l" or text[name][-1:] in ("", "\n"), name, "text")
    b.result, b.previous, b.lines = load(text[RESULT], RESULT), text[PREVIOUS], text[LOG].split("\n")[:-1]
    b.records = [load(line, f"log.jsonl:{number}") for number, line in enumerate(b.lines, 1)]
    b.openings = [load(line, f"openings.jsonl:{n}") for n, line in enumerate(text[OPENINGS].split("\n")[:-1], 1)]
    b.draws = {name: load(text[name], name) for name in b.draw_files}
    b.leaves, b.digest = [hashlib.sha256(b"\0" + line.encode()).digest() for line in b.lines], sha256(b.files[RESULT])
    fits(b.result, "@result", RESULT)
    b.note, b.code, b.rules = read_note(text[CHECKPOINT], CHECKPOINT), b.result.competition.code, b.result.ruleset
    need(re.fullmatch("[^/]+/" + re.escape(b.code), b.note[0]), CHECKPOINT, "form", f"<host>/{b.code}")

def check_signature(b):
    if not b.log_key: raise NotChecked(CHECKPOINT, "unpinned", "--log-key")
    name, public = read_key(b.log_key, 1)
    need(name in (None, b.note[0]) and signed_by(b.note, (b.note[0], public), 1), CHECKPOINT, "forged", b.note[0])
    return b.note[0]

def check_witnesses(b):
    if not b.witnesses and not b.quorum: raise NotChecked(CHECKPOINT, "unpinned", "--witness")
    keys = list({read_key(text, 4)[1]: read_key(text, 4) for text in b.witnesses}.values())
    bad = [key[0] or key[1].hex() for key in keys if not signed_by(b.note, key, 4)]
    good, quorum = len(keys) - len(bad), len(keys) if b.quorum is None else b.quorum
    need(good >= quorum >= 0, CHECKPOINT, "few", good, quorum, ", ".join(bad))
    return good, quorum

def check_records(b):
    form = re.compile(r"\d{4}-\d\d-\d\dT(?!24)\d\d:\d\d:\d\d\.\d{3}Z", re.A)
    for number, x in enumerate(b.records):
        fits(x, "@record", f"log.jsonl:{number + 1}")
        try: good = x.seq == number and form.fullmatch(x.at) and datetime.fromisoformat(x.at[:-1])
        except ValueError: good = False
        need(good and x.at >= b.records[max(number - 1, 0)].at, f"log.jsonl:{number + 1}", "seq", x.seq, x.at)
    return len(b.records)

def check_root(b):
    need(b.note[1] == len(b.lines) and tree(b.leaves)[0] == b.note[2], LOG, "root.bad", b.note[1], len(b.lines))
    return len(b.lines)

def check_openings(b):
    b.open, last, salts = {}, -1, set()
    for x in b.openings:
        fits(x, "@opening", "openings.jsonl")
        need(last < x.seq < len(b.records) and x.salt not in salts, f"openings.jsonl {x.seq}", "twice")
        last, event = x.seq, b.records[x.seq].event
        data, where = bytes.fromhex(x.salt) + canonical(x.payload).encode(), f"openings.jsonl {last} ({event})"
        need(b.records[last].commit == sha256(data), where, "commit")
        need(event in EVENTS, where, "kind")
        fits(x.payload, "@" + event, where)
        b.open[last] = x.payload
        salts.add(x.salt)
    return len(b.open)

def check_result(b):
    r, ties, kinds, b.works = b.result, b.rules.tie_break, ("blind-pair", "panel", "machine"), []
    for x in b.rules.parts:
        need(member(x, "kind") in kinds, "ruleset.parts", "form", ", ".join(kinds))
        fits(x, f"@{x.kind}", "ruleset.parts")
    b.third = member(member(b.rules.notes, "settings"), "third_rule", THIRD[0])
    need(b.third in THIRD, "ruleset.notes.settings.third_rule", "form", ", ".join(THIRD))
    b.parts, b.posts = {x.part: x for x in b.rules.parts}, {x.code: x for x in r.posts}
    b.people, places = {x.code: x for x in r.candidates}, [(x.post, x.code) for x in r.candidates]
    rubrics = {(x.part, x.post, x.paper): x for x in r.rubrics}
    sizes = [len(x) for x in (b.parts, b.posts, b.people, rubrics, {*ties} & {*b.parts})]
    need(b.parts and sizes == [len(x) for x in (b.rules.parts, r.posts, places, r.rubrics, ties)]
         and places == sorted(places), RESULT, "twice")
    same("ruleset.parts", "weight", s(sum(h(x.weight) for x in b.rules.parts)), "100.00")
    for (part, post, paper), rubric in rubrics.items():
        cs, rule, system = rubric.criteria, b.parts.get(part), [c.system for c in rubric.criteria]
        need(rule and post in b.posts and len({c.criterion for c in cs}) == len(cs) and all(h(c.step) for c in cs)
             and sum(h(c.maximum) for c in cs) == h(rule.maximum) and (rule.kind == "panel") == (not paper)
             and all(system) == (rule.kind == "machine") and not (rule.kind == "panel" and any(system)),
             f"rubric {part} {post}", "parts")
    for person in r.candidates:
        parts, passed = [x.part for x in person.parts], all(x.passed for x in person.parts)
        need(person.post in b.posts and parts and parts == list(b.parts)[:len(parts)]
             and (len(parts) == len(b.parts) or not passed), f"result.json {person.code}", "parts")
        for x in person.parts:
            rule, off, panel = b.parts[x.part], x.absent or x.void, b.parts[x.part].kind == "panel"
            subject = f"defence/{person.code}" if panel else f"script/{x.script or ''}"
            rubric, again = rubrics.get((x.part, person.post, x.paper)), x.appeal.marks if x.appeal else []
            system = sum(h(y.total) for y in x.marks if y.round == 0)  # what it gave counts with every human mark
            w = Work(x, person=person, rule=rule, rubric=rubric, subject=subject, again=again, system=system)
            need([x.settlement, x.score].count(None) == 2 * off and not (off and (x.appeal or x.deduction))
                 and not (x.absent and (x.script or x.marks)) and not (panel and (x.script or x.paper))
                 and (off or panel or x.script) and (w.rubric or (off and not (x.marks or x.paper)))
                 and (rule.kind == "blind-pair" or not x.appeal) and (x.script or panel or not x.marks), w, "parts")
            b.works.append(w)
    b.written = {w.script: w for w in b.works if w.script}
    need(len(b.written) == sum(bool(w.script) for w in b.works), RESULT, "twice")
    return len(b.people)

def check_table(b):
    b.by, b.about = defaultdict(list), defaultdict(list)
    for x in b.records:
        (role, _, name), (kind, _, code) = x.actor.partition("/"), x.subject.partition("/")
        fact = Fact(x.seq, x.event, role, name or role, x.subject, b.open.get(x.seq))
        _sign, roles, kinds = EVENTS.get(x.event, ("", ["any"], [kind]))
        need(("any" in roles or role in roles) and kind in kinds and (kind != "competition" or code == b.code)
             and (x.event != "mark:locked" or (role == "panel") == (kind == "defence")), fact, "kind")
        need(member(fact.says, "part") in (None, *b.parts), fact, "missing", member(fact.says, "part"))
        b.by[x.event].append(fact)
        if fact.says: b.about[fact.subject].append(fact)

def check_opened(b):
    named = next((member(x.says.ruleset.notes, "closed_to_public") for x in b.by["ruleset:frozen"] if x.says), None)
    named = named if isinstance(named, list) else []
    for x in named: need(type(x) is str and EVENTS.get(x, "x")[0] in "+~", "ruleset.notes.closed_to_public", "kind")
    closed = [x for event in EVENTS for x in b.by[event] if x.says is None and EVENTS[event][0] != "~"]
    b.dark, b.locked = {x.event for x in closed}, {x.seq: x for x in b.by["mark:locked"] if x.says}
    b.gone = {x.says.seq: x for x in b.by["mark:withdrawn"] if x.says}
    may = {x for x in named if EVENTS[x][0] == "+" and not any(y.says for y in b.by[x])}  # as a whole or not at all
    for x in closed: need(x.event in may, x, "closed")
    if closed: raise NotChecked(", ".join(sorted(b.dark)), "unseen", ": " + listed(closed))

def shut(b, *events):
    """Whether a kind is closed to the public: then the check is made without it, and says so."""
    b.unseen |= {*events} & b.dark
    return bool({*events} & b.dark)

def of(b, *events, on=""):
    """The opened facts of kinds, with subjects of this beginning."""
    shut(b, *events)
    return [x for event in events for x in b.by[event] if x.says and x.subject.startswith(on)]

def once(b, event, after=None):
    """The facts of a kind by subject, closed ones too: one each, each after the fact of another kind on its subject."""
    facts = {}
    shut(b, event)
    for x in b.by[event]:
        holders = member(x.says, "holders", [x.name])  # of who opened something at least one, each once
        need(facts.setdefault(x.subject, x) is x and len({*holders}) == len(holders) > 0, x, "twice")
        need(after is None or x.subject in after, x, "missing", x.subject)
        if after: order(after[x.subject], x)
    return facts

def order(early, late, blame=None):
    other = late if blame is early else early
    need(early.seq < late.seq, blame or late, "order.bad", other.event, other.seq)

# --- checks: what was fixed before marking ----------------------------------------------------------------------------
def check_frozen(b):
    first, posts = of(b, "ruleset:frozen"), [{k: v for k, v in x.items() if k != "tie"} for x in b.result.posts]
    need(len(first) == 1 and first[0].seq == (b.records[0].event == "log:opened"), "ruleset:frozen", "twice")
    stated = {"ruleset": b.rules, "posts": posts, "rubrics": [x for x in b.result.rubrics if not x.paper]}
    for name, x in stated.items(): need(canonical(first[0].says[name]) == canonical(x), name, "match", first[0].seq)

def check_roster(b):
    fixed, least = {}, b.rules.minimum_candidates
    for fact in of(b, "roster:fixed"):
        codes = [x.code for x in fact.says.candidates]
        for mark in b.by["mark:locked"][:1]: order(fact, mark, fact)
        need(codes == sorted(set(codes)), fact, "twice")
        fixed.update({x.code: (x.post, fact.seq) for x in fact.says.candidates})
    for code in b.people: need(code in fixed, f"result.json {code}", "missing", "roster:fixed")
    for code, (post, seq) in fixed.items(): need(code in b.people and b.people[code].post == post, code, "match", seq)
    for post, n in Counter(x.post for x in b.people.values()).items(): need(n >= least, post, "few", n, least, post)

def check_papers(b):
    sealed, started = once(b, "paper:sealed"), once(b, "sitting:started")
    opened, closed = once(b, "paper:opened", sealed), once(b, "sitting:closed", started)
    drawn = {x.subject[19:]: x for x in of(b, "draw:held", on="draw/paper-version-")}
    for post, fact in drawn.items(): need(post in b.posts, fact, "missing", post)
    gone = [x for x in b.by["paper:set-aside"] if x.role == "council"]
    for rubric in [x for x in b.result.rubrics if x.paper]:
        fact = sealed.get(f"paper/{rubric.paper}")
        good = fact and (not fact.says or fact.says.rubric == rubric)
        need(good, f"rubric {rubric.paper}", "match", fact.seq if fact else "–")
    for subject, fact in started.items():
        end = closed.get(subject)
        need(end and (end.says or fact.says) == (fact.says or end.says), fact, "missing", "sitting:closed")
        for roster in of(b, "roster:fixed"): order(roster, fact)
        for post, paper in fact.says.papers.items() if fact.says else ():
            name, draw = f"paper/{paper}", drawn.get(post)
            need(name in opened, fact, "missing", f"paper:opened {paper}")
            order(opened[name], fact)
            if draw:  # the first that the council had not set aside by then; the others are its reserves in order
                aside = [x.subject[6:] for x in gone if x.seq < fact.seq]
                need([x for x in draw.says.outcome if x not in aside][:1] == [paper], fact, "match", draw.seq)
                order(draw, opened[name])
            rubric = sealed[name].says and sealed[name].says.rubric
            need(not rubric or (rubric.post, rubric.paper) == (post, paper), fact, "match", sealed[name].seq)
    bare = [x for x in of(b, "paper:sealed") if not x.says.age_sha256]
    if bare: raise NotChecked("paper:sealed " + listed(bare), "unsealed")  # all is in order, and yet shows nothing
    if gone: raise NotChecked("paper:set-aside " + listed(gone), "reserve")  # whether it was bad is not seen here

def check_codes(b):
    b.coded, sent, followed, sealed = {}, set(), set(), once(b, "codes:sealed")
    opened, started, closed = once(b, "codes:opened", sealed), once(b, "sitting:started"), once(b, "sitting:closed")
    drawn, decided = of(b, "draw:held", on="draw/script-codes"), b.by["incident:decided"] + b.by["attendance:recorded"]
    last = {(x.says.candidate, x.says.part): x for x in of(b, "incident:decided")}
    for subject, fact in sealed.items():
        end, rows, sittings = opened.get(subject), fact.says.map if fact.says else [], set()
        need(end and (not end.says or end.says.sealed_seq == fact.seq), fact, "missing", "codes:opened")
        need([x.script for x in rows] == sorted({x.script for x in rows} - b.coded.keys()), fact, "twice")
        for row in rows:
            w, answers = b.written.get(row.script), b.records[min(row.answers_seq, fact.seq)]
            need(w and w.person.code == row.candidate, fact, "swapped", row.script, row.candidate)
            start, who = started.get(answers.subject), b.open.get(answers.seq, row).get("candidate")
            need(start and answers.event in ("answers:submitted", "answers:amended") and start.seq < answers.seq
                 and answers.seq not in sent and who == row.candidate, w, "match", row.answers_seq)
            need(not start.says or start.says.papers.get(w.person.post) == w.paper, w, "match", start.seq)
            order(closed.get(start.subject, fact), fact)
            order(last.get((row.candidate, w.part), start), fact)
            b.coded[row.script] = (row, fact, end)
            sittings.add(start.subject)
            sent.add(answers.seq)
        for x in [x for x in decided if x.subject in sittings]: order(x, fact, x)
        rows = sorted(rows, key=lambda x: (x.candidate, x.answers_seq))  # what was drawn first is the first candidate's
        draw = {x.subject for x in drawn if x.says.outcome == [row.script for row in rows]}
        need(draw or not rows or not drawn, fact, "undrawn", ", ".join(x.subject for x in drawn))
        for x in [x for x in b.by["draw:committed"] if x.subject in draw]: order(x, fact)
        followed |= draw
    for x in drawn: need(x.subject in followed or shut(b, "codes:sealed"), x, "twice")  # nobody draws a second time
    for x, w in b.written.items(): need(x in b.coded or shut(b, "codes:sealed"), w, "missing", f"codes:sealed {x}")
    lost = Counter(x.subject for x in b.by["answers:submitted"]) - Counter(b.records[seq].subject for seq in sent)
    lost = ", ".join(f"{room} {n}" for room, n in sorted(lost.items()) if not shut(b, "codes:sealed"))
    if lost: raise NotChecked("codes:sealed", "unread.answers", lost)  # handed in twice by one person, or left out
    return len(b.coded)

def check_absent(b):
    started, minutes = once(b, "sitting:started"), of(b, "attendance:recorded")
    for x in b.by["incident:decided"] + b.by["attendance:recorded"]:
        start, signed, room = started.get(x.subject), x.event[0] == "a", x.subject[:8] != "session/"
        need(start or not room, x, "missing", "sitting:started")
        for early in b.by["roster:fixed"][:1] + [start] * (signed and room): order(early, x)
        need(not signed or not x.says or room != (b.parts[x.says.part].kind == "panel"), x, "kind")
    last = {(x.subject, x.says.part): x for x in minutes}.values()  # of several sittings and sessions all count
    absent = {(code, x.says.part): x for x in last for code in x.says.absent}
    for version in b.by["result:published"][:-1]:  # no later version takes an absence back
        for x in {(x.subject, x.says.part): x for x in minutes if x.seq < version.seq}.values():
            for code in x.says.absent: need((code, x.says.part) in absent, x, "missing", f"{code} {x.says.part}")
    void = {(x.says.candidate, x.says.part): x for x in of(b, "incident:decided") if x.says.void}
    heard = {x.subject: x.seq for x in b.by["mark:locked"] if x.subject[:8] == "defence/"}
    for kind, told, event in (("absent", absent, "attendance:recorded"), ("void", void, "incident:decided")):
        for w in () if shut(b, event) else b.works:
            fact = told.pop((w.person.code, w.part), None)
            need(w.subject not in heard or not w.absent, w, "order.bad", "mark:locked", heard.get(w.subject))
            need(w[kind] == bool(fact), w, "differs", f"“{kind}”", bool(fact), w[kind])
        for (code, part), fact in told.items(): raise Fault(fact, "missing", f"{code} {part}")

# --- checks: marks ----------------------------------------------------------------------------------------------------
def of_appeal(b, fact):
    """Whether a record on a script belongs to an appeal."""
    mark = b.locked.get(fact.says.seq) if fact.event == "mark:withdrawn" else fact
    return fact.event == "appeal:decided" or bool(mark and str(mark.says.get("round")).startswith("appeal"))

def check_points(b):
    for w in b.works:
        for mark in w.marks + w.again:
            own = {x.criterion: x for x in w.rubric.criteria if x.system == (mark.marker == "system")}
            points = [(h(x), own.get(name)) for name, x in mark.points.items()]
            good = len(own) == len(points) and all(c and x <= h(c.maximum) and x % h(c.step) == 0 for x, c in points)
            need(good and sum(x for x, _ in points) == h(mark.total) and (mark.round == 0) == (mark.marker == "system"),
                 w, "sum", mark.marker)
        wanted = any(x.system for x in w.rubric.criteria) if w.marks else False
        need([x.round == 0 for x in w.marks] == [True] * wanted + [False] * (len(w.marks) - wanted), w, "rounds")
    return sum(len(w.marks + w.again) for w in b.works)

def check_withdrawn(b):
    for fact in of(b, "mark:withdrawn"):
        mark = b.locked.get(fact.says.seq, fact if shut(b, "mark:locked") else None)
        need(mark and mark.subject == fact.subject and mark.seq <= fact.seq, fact, "match", fact.says.seq)
        need(b.gone[fact.says.seq] is fact, fact, "twice")
    for fact in of(b, "item:decided"): need(fact.subject in once(b, "paper:sealed"), fact, "missing", fact.subject)
    for fact in of(b, "mark:withdrawn", "item:decided"):
        need(fact.says.second not in ("", fact.name) and fact.says.get("reason", "–"), fact, "second")
    for w in [w for w in b.works if w.marks]:
        for fact in [x for x in b.about[f"paper/{w.paper}"] if x.event == "item:decided"]:
            known = [x.system for x in w.rubric.criteria if x.criterion == fact.says.criterion]
            need(known == [True] and w.marks[0].seq > fact.seq, w, "order.bad", fact.event, fact.seq)

def check_marks(b):
    if shut(b, "mark:locked"): return
    whole = not shut(b, "mark:withdrawn")  # otherwise any mark may have been withdrawn
    left, last = {seq: x for seq, x in b.locked.items() if seq not in b.gone}, {}
    for x in b.locked.values(): need(sum(map(h, x.says.points.values())) == h(x.says.total), x, "sum", x.name)
    for fact in b.locked.values() if whole else ():  # a lock stands until its withdrawal
        key, gone = (fact.subject, fact.name, fact.says.part, fact.says.round), b.gone.get(fact.seq)
        if fact.role != "system":
            need(last.get(key, -1) < fact.seq, fact, "twice")
            last[key] = gone.seq if gone else LARGEST
        elif not gone:
            left.pop(last.get(key), None)
            last[key] = fact.seq
    for w in b.works:
        coded, seqs = b.coded.get(w.script), [x.seq for x in w.marks if x.round != 0]
        for mark in w.marks + w.again:
            fact, who = left.pop(mark.seq, None), mark.marker
            need(fact and fact.subject == w.subject and fact.name == who, w, "unlocked", who, mark.seq)
            need(fact.says.total == mark.total, w, "raised", who, mark.total, fact.says.total, fact.seq)
            content = coded[0].content if coded else fact.says.content if w.script else None
            need({**mark, "part": w.part, "content": content}.items() >= fact.says.items(), w, "match", fact.seq)
        need(seqs == sorted(seqs) and w.again == sorted(w.again, key=lambda x: x.seq), w, "rounds")
    for fact in left.values() if whole else (): raise Fault(fact, "left")

def check_order(b):
    shown, events = {}, ("mark:locked", "mark:withdrawn", "settlement:decided", "appeal:decided")
    for fact in of(b, "written:published"): need(shown.setdefault(fact.says.part, fact) is fact, fact, "twice")
    shut(b, *events)
    only = [None, *b.by["codes:sealed"], *b.by["codes:opened"]]
    for script, w in b.written.items():
        (_row, sealed, opened), public = b.coded.get(script, only if len(only) == 3 else [None] * 3), shown.get(w.part)
        need(public or w.rule.kind == "machine" or "written:published" in b.dark, w, "missing", "written:published")
        if public and opened: order(opened, public)
        for fact in [x for x in b.about[w.subject] if x.event in events]:
            if of_appeal(b, fact): (public or opened) and order(public or opened, fact)
            elif sealed: order(sealed, fact) or order(fact, opened, fact)

# --- checks: every number again ---------------------------------------------------------------------------------------
def same(w, term, stated, computed): need(stated == computed, w, "differs", Term(term), computed, stated)

def settled(w, third):
    """Step and score of a part, from its marks under the rule set; no score where people are free in it."""
    rule, (t, more) = w.rule, ({x.marker: w.system + h(x.total) for x in w.marks if x.round == n} for n in (1, 2))
    right = {"machine": not t and not more, "panel": more.keys() <= t.keys(),
             "blind-pair": len(t) == 2 and len(more) <= 1 and not t.keys() & more.keys()}
    need(right[rule.kind] and len(t) + len(more) + any(x.round == 0 for x in w.marks) == len(w.marks) > 0, w, "rounds")
    if rule.kind == "machine": return "machine", w.system
    if rule.kind == "panel":
        totals = list({**t, **(more if rule.after_discussion == "counts" else {})}.values())
        agree = len(totals) >= max(rule.least_markers, 1) and max(totals) - min(totals) <= h(rule.gap_limit)
        return ("mean", mean(totals)) if agree else ("head", None)
    x, y = t.values()
    straddle = rule.straddle == "head" and (x >= h(rule["pass"])) != (y >= h(rule["pass"]))
    if abs(x - y) <= h(rule.mean_at_most) and not straddle: return "mean", mean([x, y])
    if abs(x - y) < h(rule.third_from): return "discussed", None
    need(more, w, "rounds")  # before this line, one may have become needless when points changed after it
    if {*more.values()} <= {x, y}: return "third-equal", *more.values()
    low, middle, high = t = sorted([x, y, *more.values()])
    if third == "closest" and middle - low != high - middle: t = t[:2] if middle - low < high - middle else t[1:]
    return "collective", {"collective": None, "median": middle}.get(third, mean(t))

def decided(b, w, name, computed, fact):
    """Compares a settlement or appeal with what the rules and the decision of people, if any, give."""
    (step, score), stated, event = computed, w[name], f"{name}:decided"
    same(w, "step", stated.step, step)
    same(w, "score", stated.score, stated.score if score is None else s(score))
    by_people = step in ("discussed", "collective", "head", "chair")
    need((stated.seq is not None) == by_people and h(stated.score) <= h(w.rule.maximum), w, "missing", event)
    if shut(b, event): return
    need(stated.seq == (fact and fact.seq), fact or w, "twice" if fact else "missing", event)
    wanted = {**stated, "part": w.part, "reason": fact.says.reason or None} if fact else {}
    need(not fact or wanted.items() >= fact.says.items(), w, "match", stated.seq)

def check_settlements(b):
    whole = not shut(b, "mark:locked", "mark:withdrawn")
    for w in b.works:
        mine = [x for x in b.about[w.subject] if x.says.get("part", w.part) == w.part and not of_appeal(b, x)]
        made, given = None, None  # a decision is passed over when marks changed after it
        for x in mine:
            if x.event == "settlement:decided":
                need(not made or not whole, made, "twice")
                made = x
            elif x.role != "system" or x.says.points != given: made = None  # or a re-scoring that changed nothing
            if x.role == "system": given = x.says.points
        if w.settlement: decided(b, w, "settlement", settled(w, b.third), made)
    known = {(w.subject, w.part) for w in b.works}
    for fact in of(b, "settlement:decided"): need((fact.subject, fact.says.part) in known, fact, "twice")
    return sum(bool(w.settlement) for w in b.works)

def check_appeals(b):
    done, made = [w for w in b.works if w.appeal], once(b, "appeal:decided")
    for w in done:
        t, who, fact = [w.system + h(x.total) for x in w.again], {x.marker for x in w.again}, made.pop(w.subject, None)
        before = {x.name for x in b.about[w.subject] if x.event == "mark:locked" and not of_appeal(b, x)}
        need([x.round for x in w.again] == list(ROUNDS[3:3 + len(t)]) and len(t) == (2 if t[:1] == t[1:2] else 3)
             and len(who - before) == len(t), w, "rounds")
        shut(b, "mark:locked")
        again = next((x for x in t if t.count(x) > 1), mean(t))
        adopted = abs(again - h(w.settlement.score)) < h(w.rule.appeal_adopt_below)
        decided(b, w, "appeal", ("adopted", again) if adopted else ("chair", None), fact)
        need(not fact or fact.seq > w.again[-1].seq, fact, "order.bad", "mark:locked", w.again[-1].seq)
    for fact in made.values(): raise Fault(fact, "twice")
    return len(done)

def check_deductions(b):
    incidents, used = of(b, "incident:decided"), set()
    told, known = not shut(b, "deduction:applied"), not shut(b, "incident:decided")
    applied, due, works = defaultdict(list), defaultdict(list), {(w.person.code, w.part): w for w in b.works}
    for x in incidents:
        need((x.says.candidate, x.says.part) in works, x, "missing", x.says.candidate)
        due[x.says.candidate, x.says.part] += [x] * bool(x.says.percent)
    for fact in of(b, "deduction:applied"):
        place, percent, seq = (fact.subject[10:], fact.says.part), fact.says.percent, fact.says.incident_seq
        good = not known or any(x.seq == seq and x.says.percent == percent for x in due[place])
        good = good and place in works and works[place].settlement
        need(good and seq not in used and h(percent) <= 10000, fact, "match", seq)
        if works[place].script in b.coded: order(b.coded[works[place].script][2], fact)
        used.add(seq)
        applied[place].append(fact)
    for place, w in works.items() if told or known else ():  # what must be applied is known without the record of it
        for x in due[place] if w.settlement and told else (): need(x.seq in used, w, "omitted", x.says.percent, x.seq)
        facts = (applied if told else due)[place] if w.settlement else []
        most = max(facts, key=lambda x: (h(x.says.percent), -x.seq), default=None)
        if most: need(w.deduction, w, "omitted", most.says.percent, most.seq)
        wanted = most and {"seq": most.seq if told else w.deduction.seq, "percent": most.says.percent}
        need(w.deduction == wanted, w, "match", w.deduction and w.deduction.seq)

def check_scores(b):
    for w in b.works:
        score = h((w.appeal or w.settlement).score) if w.settlement else None
        if w.deduction: score = (score * (10000 - h(w.deduction.percent)) + 5000) // 10000
        same(w, "score", w.score, s(score))
        same(w, "passed", w.passed, score is not None and score >= h(w.rule["pass"]))

def check_totals(b):
    for code, x in b.people.items():
        whole = sum(h(b.parts[p.part].weight) * h(p.score or "0.00") for p in x.parts)
        same(code, "total", x.total, s((whole + 5000) // 10000) if all(p.passed for p in x.parts) else None)

def check_ranks(b):
    ranked, first, places = [], {}, Counter()
    for code, x in b.people.items():
        scores = {p.part: h(p.score or "0.00") for p in x.parts}
        if x.total: ranked.append((x.post, -h(x.total), *(-scores.get(y, 0) for y in b.rules.tie_break), code))
        else: same(code, "rank", x.rank, None)
    for post, *scores, code in sorted(ranked):
        places[post] += 1
        same(code, "rank", b.people[code].rank, first.setdefault((post, *scores), places[post]))

def check_ties(b):
    made, tied, selected, groups, published = {}, {}, set(), defaultdict(list), b.by["result:published"]
    for fact in b.by["tie:decided"]:  # one for each publication: a correction may dissolve a tie or make another
        before = made.setdefault(fact.subject, fact)
        need(before is fact or any(before.seq < x.seq < fact.seq for x in published), fact, "twice")
        made[fact.subject] = fact
    for code, x in b.people.items(): groups[x.post, x.rank or LARGEST].append(code)
    for (post, rank), group in groups.items():
        where, places = f"post/{post}", b.posts[post].vacancies - rank + 1
        if 0 < places < len(group):
            fact = made.pop(where, None)
            need(fact, where, "nobody", ", ".join(group))
            chosen = fact.says.selected
            need({*chosen} <= {*group} and len({*chosen}) == len(chosen) == places and fact.says.reason, fact, "parts")
            group, tied[post] = chosen, {"seq": fact.seq, "selected": chosen}
        selected.update(group if places > 0 else ())
    for fact in made.values(): need(any(fact.seq < x.seq for x in published[:-1]), fact, "twice")
    for code, x in b.posts.items(): need(x.tie == tied.get(code), f"post/{code}", "parts")
    b.selected = selected

def check_outcomes(b):
    for code, x in b.people.items():
        fell = [kind for kind in ("void", "absent") if any(p[kind] for p in x.parts)] + ["failed"]
        same(code, "outcome", x.outcome, ("selected" if code in b.selected else "passed") if x.rank else fell[0])

ENTRY = ("by", "deposit", "substitute")  # what stands in an entry beside the hash of the number

def check_draws(b):
    committed, files, kept_back, used = once(b, "draw:committed"), dict(b.draws), [], set()
    held = once(b, "draw:held", committed)
    for subject, fact in committed.items(): need(subject in held, fact, "missing", "draw:held")
    for fact in of(b, "draw:held"):
        first, document, name = committed[fact.subject], fact.says.document, fact.subject[5:]
        public, by = document.public, [x.by for x in document.contributions]
        need(by == sorted({*by}) and by and len({*document["items"]}) == len(document["items"])
             and (document.competition, document.draw) == (b.code, name)
             and (public.source != "none" or not public.value)  # a value that nobody named in advance could be chosen
             and canonical(files.pop(f"draws/{name}.json", None)) == canonical(document), fact, "match", first.seq)
        if first.says:
            early, kept = first.says, {x.get("by", ""): x for x in first.says.commitments}
            source = member(early.public, "source", None if type(early.public) is Obj else early.public)
            need(document["items"] == early["items"] and by == sorted(kept) and len(by) == len(early.commitments)
                 and public.source == ("none" if source in (None, "") else source), fact, "match", first.seq)
            for x in document.contributions:
                promised = sha256(bytes.fromhex(x.nonce))
                own = [y for kind, y in kept[x.by].items() if kind not in ENTRY and PLAIN["hex"](y)]
                need(len(own) == 1 and promised in (*own, kept[x.by].get("substitute")) and promised not in used,
                     fact, "match", f"{first.seq} ({x.by})")  # one number each, and for each draw another
                used.add(promised)
                kept_back += [f"{name} {x.by}"] * (promised == kept[x.by].get("substitute"))
        for place, (stated, computed) in enumerate(zip_longest(fact.says.outcome, permuted(document)), 1):
            need(stated == computed, fact, "differs", f"#{place}", computed, stated)
    for name in files: raise Fault(name, "twice")
    spoke = {}
    for x in of(b, "draw:held", on="draw/presentation-order"):
        for code in x.says.outcome: need(spoke.setdefault(code, x) is x, x, "twice")
    heard = [w for w in b.works if w.rule.kind == "panel"]
    defending = {w.person.code for w in heard}
    for code, fact in spoke.items(): need(code in defending, fact, "missing", code)
    for w in [w for w in heard if spoke and w.marks]:
        fact = spoke.get(w.person.code)  # who spoke when is for those who were in the room; who was drawn is not
        need(fact, w, "undrawn", "draw/presentation-order")
        need(min(x.seq for x in w.marks) > fact.seq, w, "order.bad", fact.event, fact.seq)
    if kept_back: raise NotChecked("draw:held", "substituted", ", ".join(kept_back))
    return len(held)

# --- checks: who answers for it ---------------------------------------------------------------------------------------
def check_approvals(b):
    votes, refused, since, published = {}, set(), set(), b.by["result:published"]
    mine = [x for x in published if x.says.result_sha256 == b.digest]
    need(mine and mine == published[-1:], RESULT, "unpublished")
    for fact in sorted(b.by["result:approved"] + b.by["result:refused"]):
        if fact.says.result_sha256 == b.digest and fact.seq < mine[0].seq:
            refusal = fact.event == "result:refused"  # after one the same result may be proposed, and approved, anew
            need(refusal or fact.name not in since, fact, "again")
            since = set() if refusal else since | {fact.name}
            if refusal: refused.add(votes.pop(fact.name, fact).name)
            else: votes.setdefault(fact.name, fact)
    for role, wanted in b.rules.approvals.items():
        names = [x.name for x in votes.values() if x.role == role]
        need(len(names) >= wanted, f"result:approved {role}", "few", len(names), wanted, ", ".join(names))
    first = min(votes.values(), key=lambda x: x.seq, default=mine[0])
    for event, (sign, _, _) in EVENTS.items():
        for fact in b.by[event] if sign != "~" and event[:7] != "result:" else (): order(fact, first, fact)
    rounds = {}  # what was heard, or marked anew, before a publication is not opened again after it
    again = [x for event in ("mark:locked", "mark:withdrawn", "appeal:decided") for x in b.by[event]
             if x.says and x.subject[:7] == "script/" and of_appeal(b, x)]
    for fact in [x for facts in b.by.values() for x in facts if x.subject[:8] == "defence/"] + again:
        after = [x for x in published if x.seq < fact.seq]
        need(rounds.setdefault(fact.subject, after) == after, fact, "order.bad", "result:published", published[0].seq)
    b.votes = votes
    return len(votes), len(refused - votes.keys())

def check_assertions(b):
    owners = {}
    asked = base64.urlsafe_b64encode(bytes.fromhex(b.digest)).rstrip(b"=")
    for fact in (x for x in b.votes.values() if x.says.assertion):
        texts = fact.says.assertion
        for x in texts.values(): fits(x, "base64url", fact)
        auth, client, _, key, signature = (base64.urlsafe_b64decode(texts[x] + "==") for x in sorted(texts))
        good = client.startswith(b'{"type":"webauthn.get","challenge":"' + asked + b'","origin":"') and len(auth) >= 37
        good = good and auth[32] & 5 == 5 and passkey_verifies(key, auth + hashlib.sha256(client).digest(), signature)
        need(good, fact, "unsigned", fact.name)
        need(owners.setdefault(key, fact.name) == fact.name, fact, "same", owners[key], fact.name)
    if len(owners) < len(b.votes): raise NotChecked("result:approved", "trusted", len(b.votes) - len(owners))

def check_people(b):
    people = {x.pseudonym: x.person for fact in b.by["roles:fixed"] if fact.says for x in fact.says.people}
    if not people: raise NotChecked("roles:fixed", "hidden")
    groups = [b.votes.keys(), *({x.marker for x in w.marks + w.again} for w in b.works)]
    for names in groups + [{x.name, x.says.second} for x in of(b, "mark:withdrawn", "item:decided")]:
        known = {}
        for name in sorted(names & people.keys()):
            need(known.setdefault(people[name], name) == name, "roles:fixed", "same", known[people[name]], name)

def ties(result):
    """By post: who stood equal around its last place, and who of them was chosen."""
    ranks, groups = {x.code: (x.post, x.rank) for x in result.candidates}, defaultdict(list)
    for x in result.candidates: groups[x.post, x.rank].append(x.code)
    chosen = {x.code: x.tie.selected for x in result.posts if x.tie and x.tie.selected}
    return {code: (groups[ranks.get(names[0])], names) for code, names in chosen.items()}

def check_lineage(b):
    earlier = {x.says.result_sha256 for x in b.by["result:published"]} - {b.digest}
    need(re.fullmatch("[0-9a-f]{64}|", b.previous) and bool(b.previous) == bool(earlier), PREVIOUS, "form", "SHA-256")
    if not b.previous: raise NotChecked(PREVIOUS, "first")
    if not b.older: raise NotChecked(PREVIOUS, "old", b.previous)
    wanted, log, told = b.previous, b.files[LOG], []
    for data in b.older:
        old, digest = Bundle(data=data, check=b.check), sha256(data)
        need(digest == wanted, digest, "chain")
        for check in (check_shape, check_json): check(old)
        need(old.lines and log.startswith(old.files[LOG]) and old.digest in earlier, digest, "chain")
        result, now = old.result, ties(b.result)
        before = {x.code: (x.total, x.rank, x.outcome) for x in result.candidates}
        for x in result.candidates:  # a code that was told with a name stays that person's
            name = x.code in b.people and b.people[x.code].name
            need(not x.name or not name or x.name == name, f"result.json {x.code}", "differs", "name", x.name, name)
        held = {(x.code, y.part) for x in result.candidates for y in x.parts}
        for code, x in b.people.items() if data is b.older[0] else ():  # nobody goes on to a part who does not pass
            allowed = all((code, y.part) in held or all(z.passed for z in x.parts[:n]) for n, y in enumerate(x.parts))
            need(allowed, f"result.json {code}", "parts")
        for post, (group, chosen) in ties(result).items():  # of the same people nobody chooses a second time
            again = now.get(post, (0, ()))
            again = again[1] if again[0] == group and len(again[1]) == len(chosen) else chosen
            need(again == chosen, f"post/{post}", "differs", "tie", ", ".join(chosen), ", ".join(again))
        moved = [x for x, y in b.people.items() if before.get(x) != (y.total, y.rank, y.outcome)]
        told.append(f"{wanted} (≠ {', '.join(moved) or '–'})")
        wanted, log = old.previous, old.files[LOG]
    return "; ".join(told)

def check_report(b):
    good = {REPORT: b.digest.encode() in b.files[REPORT], VERIFIER: b.files[VERIFIER] == Path(__file__).read_bytes()}
    *lines, rest = b.files[GUIDE].split(b"\n")
    good[GUIDE] = [bool(re.search(b"[!-~]", x)) for x in lines] == [True] * 3 and not rest
    if not all(good.values()): raise NotChecked(", ".join(x for x in good if not good[x]), "compare", b.digest)

def check_receipt(b):
    def short(leaf):
        value = int.from_bytes(leaf[:7], "big") >> 6
        return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[value >> 45 - 5 * n & 31] for n in range(10))
    text = b.receipt.removeprefix("\ufeff")  # as some programs save a text
    code, (record, _, proof) = re.sub("[-\\s\ufeff]", "", text.upper()), text.partition("\n")
    seq = next((n for n, leaf in enumerate(b.leaves) if b.lines[n] == record or short(leaf) == code), None)
    need(seq is not None, "--receipt", "chain")
    if b.lines[seq] == record:
        lead, _, rest = proof.partition("\n\n")
        note = read_note(rest.rstrip("\n") + "\n", "--receipt")
        root, path = tree(b.leaves[:note[1]], seq)
        want = ["c2sp.org/tlog-proof@v1", f"index {seq}", *(base64.b64encode(x).decode() for x in path)]
        good = (note[0], note[2], want) == (b.note[0], root, lead.split("\n"))
        need(good and seq < note[1] <= len(b.leaves), "--receipt", "chain")
        need(not b.log_key or signed_by(note, (note[0], read_key(b.log_key, 1)[1]), 1), "--receipt", "forged", note[0])
    return seq, short(b.leaves[seq])[:5] + "-" + short(b.leaves[seq])[5:]

# --- what is said -----------------------------------------------------------------------------------------------------
def put(language, where, key, *values):
    """One sentence: where, and what of it; a value as JSON has it, of a shape the names of its members."""
    record, candidate, part = ("Bản ghi số", "Thí sinh", "phần") if language == 0 else ("Record", "Candidate", "part")
    if isinstance(where, Fact): where = f"{record} {where.seq} ({where.event}, {where.subject}, {where.name})"
    if isinstance(where, Work): where = f"{candidate} {where.person.code}, {part} {where.part}"
    words = [SENTENCES[x][language] if isinstance(x, Term) else x if isinstance(x, str)
             else ", ".join(x) if isinstance(x, dict) else json.dumps(x) for x in values]
    return UNSEEN.sub("\ufffd", (f"{where}: " if where else "") + SENTENCES[key][language].format(*words) + ".")

def tell(check, state, *what): return {"check": check, "state": state, "vi": put(0, *what), "en": put(1, *what)}

def verify(data, log_key=None, witnesses=(), quorum=None, *, older=(), receipt=None):
    """What every check says of the bytes of a bundle, as a list of {check, state, vi, en}; never raises."""
    b = Bundle(data=data, log_key=log_key, witnesses=witnesses, quorum=quorum, older=older, receipt=receipt)
    said, names = [], [x for x in SENTENCES if "check_" + x in globals() and (x != "receipt" or receipt is not None)]
    for name in names:
        b.check, b.unseen = name, set()
        try:
            told = globals()["check_" + name](b)
            if b.unseen: raise NotChecked(", ".join(sorted(b.unseen)), "unseen", "")
            state, what = "ok", ("", name, *(told if isinstance(told, tuple) else [told]))
        except Fault as x: state, what = x.state, x.args
        except Exception as x: state, what = "broken", (f"“{name}”", "unforeseen", repr(x))
        said.append(tell(name, state, *what))
        if state == "broken" and name in BASIC: break
    rest = ", ".join(names[len(said):])
    if rest: said.append(tell("rest", "unchecked", rest, "blocked"))
    return said

def read_file(path):
    with Path(path).open("rb") as file: return file.read(LARGEST + 99)

def main(arguments=None):
    """Says every sentence; exit code 0 only when nothing is broken."""
    parser = argparse.ArgumentParser(description="Kiểm gói kết quả / verify a result bundle")
    parser.add_argument("bundle")
    for name in ("--log-key", "--receipt"): parser.add_argument(name)
    for name in ("--witness", "--previous"): parser.add_argument(name, action="append", default=[])
    for name in ("--json", "--english"): parser.add_argument(name, action="store_true")
    parser.add_argument("--quorum", type=int)
    given, data = parser.parse_args(arguments), b""
    gc.disable()  # nothing here goes round in circles, and looking for circles takes a fifth of the time
    try:
        data, older = read_file(given.bundle), [read_file(x) for x in given.previous]
        receipt = None if given.receipt is None else read_file(given.receipt).decode().replace("\r\n", "\n")
        said = verify(data, given.log_key, given.witness, given.quorum, older=older, receipt=receipt)
    except (OSError, ValueError) as x:  # a receipt that is no text names no file
        said = [tell("file", "broken", getattr(x, "filename", None) or given.receipt or given.bundle, "unread")]
    broken, signs = [x for x in said if x["state"] == "broken"], {"ok": "✓", "broken": "✗", "unchecked": "–"}
    pinned = ("signature", "ok") in [(x["check"], x["state"]) for x in said]
    key, unpinned = "nothing" if said[0]["check"] == "file" else "verdict", "" if pinned else Term("pinless")
    lines = [f"{signs[x['state']]} {x['vi']}" + f"\n  {x['en']}" * given.english for x in said]
    lines += [put(n, "", key, len(broken), len(said), unpinned) for n in range(1 + given.english)]
    answer = {"ok": not broken, "pinned": pinned, "bundle_sha256": sha256(data), "checks": said}
    text = json.dumps(answer, ensure_ascii=False, indent=1) if given.json else "\n".join(lines)
    sys.stdout.buffer.write(text.encode() + b"\n")
    return int(bool(broken))

if __name__ == "__main__": sys.exit(main())
