"""The demonstration: competitions at several gates, made through the services as people would have made them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from examsite.cli.demonstration import cast, keys
from examsite.cli.demonstration.appeals import appeal_twice, ask_twice, begin_remarking
from examsite.cli.demonstration.asking import ask
from examsite.cli.demonstration.board import LivelyBoard
from examsite.cli.demonstration.director import Director, Plan, PostPlan, RoomPlan
from examsite.cli.demonstration.handing_in import Letterbox
from examsite.cli.demonstration.hearing import Hearing
from examsite.cli.demonstration.machines import keep_machines
from examsite.cli.demonstration.play import DAY, HOUR, MINUTE, Play
from examsite.cli.demonstration.room import RUNNING_FOR, LivelyRoom
from examsite.cli.demonstration.signing import sign_plan
from examsite.config import Settings
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.working_days import ZONE, end_of_working_day
from examsite.services.checkpoints import load_signer
from examsite.services.context import read_clock
from examsite.services.passwords import Passwords
from examsite.services.working_days import work_calendar
from examsite.storage.database import writing
from examsite.storage.queries.candidacies import list_candidacies, list_roster
from examsite.storage.queries.competitions import get_competition

#: File in `instance/` that lists one account per role, for whoever starts the server.
LISTING = "demonstration.txt"

#: Password of every account of the demonstration.
PASSWORD = "trinh-dien-thi-tuyen"  # noqa: S105 - a demonstration has no secrets

#: Who applies where the written test runs: with one refused, a room of sixty seats and a small one nearly full.
FULL_ROOM = 67

#: Who applies where a whole board marks: with one refused and one absent forty-four scripts, most for one post.
FULL_BOARD = 46

#: Who applies where one marker lifts scripts: enough for the error of a mark to be known.
LIFTED_BOARD = 26

#: Working days of the appeal window in the rule set of the demonstration.
APPEAL_DAYS = 5

#: The role of each account as the terminal names it.
ROLE_WORDS = {
    Role.ADMINISTRATOR: "quản trị hệ thống (administrator)",
    Role.ORGANISER: "thư ký hội đồng (organiser)",
    Role.CHAIR: "chủ tịch hội đồng (chair)",
    Role.COUNCIL_MEMBER: "ủy viên hội đồng (council member)",
    Role.AUTHORITY: "người có thẩm quyền (approving authority)",
    Role.SETTER: "ban đề thi (paper setter)",
    Role.KEEPER: "ban phách (code keeper)",
    Role.INVIGILATOR: "cán bộ coi thi (invigilator)",
    Role.MARKING_HEAD: "trưởng ban chấm thi (head of marking)",
    Role.MARKER: "cán bộ chấm thi (marker)",
    Role.PANEL_HEAD: "trưởng ban chấm đề án (head of the panel)",
    Role.PANELLIST: "ban chấm đề án (panel member)",
    Role.SUPERVISOR: "ban giám sát (supervisor)",
}

#: Where each competition stands, as the terminal says it beside a candidate.
STAND_WORDS = {
    "published": "đã công bố (published)",
    "ranked": "chờ ký kết quả (waiting for signatures)",
    "defence": "bảo vệ đề án (defence)",
    "remarking": "chấm phúc khảo (re-marking)",
    "appeals": "nhận đề nghị phúc khảo (appeals open)",
    "lifted": "đã công bố điểm viết, có điểm bị nâng (written results out, marks lifted)",
    "marking": "chấm bài viết (marking)",
    "sealing": "chờ niêm phong bảng phách (code map to be sealed)",
    "written": "đang thi viết, phòng 02 thi sau 20 phút (written test now, second room 20 minutes later)",
    "receiving": "nhận hồ sơ (receiving applications)",
}

#: Acts that wait for somebody: the stand, the accounts, what to do there.
WAITING = (
    ("draft", ("thuky",), "soạn và thông báo (draft and announce)"),
    ("draft", ("uyvien1",), "ký kế hoạch trước khi thông báo (sign the plan before it is announced)"),
    ("written", ("coithi", "coithi2"), "coi thi (watch the room)"),
    ("receiving", ("rade",), "rút và niêm phong đề (draw and seal papers)"),
    ("marking", ("cham1", "cham2", "cham3", "truongcham"), "chấm, xử lý độ lệch (mark, settle gaps)"),
    ("sealing", ("phach",), "rà chỗ có thể lộ người viết, rồi niêm phong phách (look through, then seal)"),
    ("defence", ("truongdean", "dean2", "dean3"), "chấm đề án (score a defence)"),
    ("remarking", ("phuckhao1", "phuckhao2", "phuckhao3"), "chấm phúc khảo (mark anew)"),
    ("ranked", ("chutich", "uyvien2", "uyvien3", "uyvien4", "thutruong"), "ký kết quả (sign the result)"),
    ("lifted", ("giamsat",), "đọc báo cáo bất thường, đề nghị giải trình (read the anomaly report, ask)"),
)

COUNCIL = (("uyvien1", Role.COUNCIL_MEMBER), ("uyvien2", Role.COUNCIL_MEMBER), ("chutich", Role.CHAIR))
AUTHORITY = ("thutruong", Role.AUTHORITY)

_CCHC = PostPlan(
    "P1",
    "Trưởng phòng Cải cách hành chính",
    "Head of Administrative Reform",
    "Phòng Cải cách hành chính",
    "Administrative Reform Section",
)
_TCCB = PostPlan("P1", "Trưởng phòng Tổ chức cán bộ", "Head of Personnel", "Phòng Tổ chức cán bộ", "Personnel Section")
_THTR = PostPlan(
    "P2", "Phó trưởng phòng Thanh tra", "Deputy Head of Inspection", "Phòng Thanh tra", "Inspection Section"
)
_CNTT = PostPlan(
    "P1",
    "Trưởng phòng Công nghệ thông tin",
    "Head of Information Technology",
    "Phòng Công nghệ thông tin",
    "IT Section",
)
_QHXD = PostPlan(
    "P1", "Phó trưởng phòng Quản lý quy hoạch", "Deputy Head of Planning", "Phòng Quản lý quy hoạch", "Planning Section"
)
_HTKT = PostPlan(
    "P2",
    "Phó trưởng phòng Hạ tầng kỹ thuật",
    "Deputy Head of Infrastructure",
    "Phòng Hạ tầng kỹ thuật",
    "Infrastructure Section",
)


def plans(now: datetime) -> dict[str, Plan]:
    """The competitions, each named by where it stands when the server starts."""
    year = f"{now:%Y}"
    hour = now.replace(minute=0, second=0, microsecond=0)
    people = cast.many_applicants(FULL_ROOM)

    def plan(number: int, body: str, posts: tuple[PostPlan, ...], count: int, written_at: datetime) -> Plan:
        titles = " và ".join(post.title for post in posts)
        titles_en = " and ".join(post.title_en for post in posts)
        return Plan(
            code=f"VH-{year}-{number:02d}",
            prefix="ABCDEFGHJKL"[number - 1],
            body=body,
            title=f"Thi tuyển {titles}",
            title_en=f"Selection of {titles_en}",
            posts=posts,
            applicants=people[:count],
            written_at=written_at,
        )

    running = now.replace(second=0, microsecond=0) - RUNNING_FOR
    return {
        "published": _beside_holidays(plan(1, "SNV-VH", (_CCHC,), 9, hour - 40 * DAY)),
        "ranked": _beside_holidays(plan(2, "SXD-VH", (_HTKT,), 6, hour - 25 * DAY)),
        # Three defences of less than an hour each have begun by now; the last one is being scored.
        "defence": _beside_holidays(plan(3, "SYT-VH", (_TCCB,), 6, hour - 22 * DAY - 3 * HOUR)),
        "marking": _with_a_board(plan(4, "SYT-VH", (_TCCB, _THTR), FULL_BOARD, hour - 3 * DAY)),
        "remarking": _beside_holidays(plan(10, "SNV-VH", (_CNTT,), 5, hour - 15 * DAY)),
        "appeals": plan(9, "SYT-VH", (_THTR,), 5, hour - 6 * DAY),
        # Where the report before signing has something to show: one marker lifts three scripts.
        "lifted": replace(
            plan(11, "SXD-VH", (_QHXD,), LIFTED_BOARD, hour - 8 * DAY),
            rooms=(RoomPlan("S1", "Phòng thi 01", rows=6, columns=6),),
            telling=1,
        ),
        "sealing": replace(plan(8, "SXD-VH", (_QHXD,), 5, hour - 2 * DAY), draws_seats=True),
        "written": _with_rooms(plan(5, "SNV-VH", (_TCCB,), FULL_ROOM, running)),
        "receiving": replace(plan(6, "SXD-VH", (_QHXD, _HTKT), 4, hour + 30 * DAY), online=4),
        "draft": plan(7, "SNV-VH", (_CCHC,), 0, hour + 44 * DAY),
    }


def _beside_holidays(plan: Plan) -> Plan:
    """The same with as many days more behind the written results as holidays put off the end of the appeals."""
    late = timedelta()
    while True:
        moved = replace(plan, written_at=plan.written_at - late, holidays=late)
        published_at = moved.written_at + 5 * DAY + HOUR
        calendar = work_calendar(None, published_at)
        end = end_of_working_day(published_at, APPEAL_DAYS, calendar=calendar, zone=ZONE)
        needed = DAY * -((moved.written_at + 14 * DAY - end) // DAY)
        if needed <= late:
            return moved
        late = needed


def _with_rooms(plan: Plan) -> Plan:
    rooms = (
        RoomPlan("S1", "Phòng thi 01", rows=6, columns=10),
        RoomPlan("S2", "Phòng thi 02", later=RUNNING_FOR + 20 * MINUTE),
    )
    return replace(plan, rooms=rooms)


def _with_a_board(plan: Plan) -> Plan:
    """Scripts enough for figures about them, markers who qualify first, and seeds."""
    figures = {"qualification_scripts": "2", "seed_percent": "10"}
    rooms = (RoomPlan("S1", "Phòng thi 01", rows=6, columns=8),)
    return replace(plan, rooms=rooms, figures=figures, telling=1, is_large=True)


def make(engine: Engine, settings: Settings, *, say: Callable[[str], None]) -> None:
    """Fill an empty installation; each competition is one transaction."""
    # The rows of a competition live until its end: to look through them for garbage again and again finds none.
    gc.set_threshold(50_000, 50, 100)
    started = time.monotonic()
    now = read_clock()
    say("trình diễn: tạo tài khoản và các kỳ thi tuyển (demonstration: making accounts and competitions)")
    password_hash = Passwords(settings).hash(PASSWORD)
    signer = load_signer(settings)
    known, letterbox = plans(now), Letterbox(settings)
    with writing(engine) as session:
        Director(session, settings, signer, password_hash).make_people(now - 200 * DAY)
    plays: list[Play] = []
    for stand, plan in known.items():
        with writing(engine) as session:
            director = Director(session, settings, signer, password_hash, letterbox=letterbox)
            plays.append(Play(director, plan))
            play_until(plays[-1], stand)
        say(f"  {plan.code}: {stand}")
    with writing(engine) as session:
        listing = _listing(Director(session, settings, signer, password_hash), known)
    for name, text in ((LISTING, listing), (keys.SHEETS, keys.listing(plays))):
        path = settings.instance_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
    say(f"trình diễn: xong sau {time.monotonic() - started:.0f} giây (demonstration made)")


def play_until(play: Play, stand: str) -> None:
    """Play one competition up to the place where the demonstration leaves it."""
    play.draft()
    if stand == "draft":
        sign_plan(play)
        return
    play.receive()
    if stand == "receiving":
        keys.seal_by_file(play, play.begins_at + 3 * DAY, post="P2")
        return
    play.vet()
    play.prepare(every_kind=stand == "written")  # whoever sits this test, tries every kind
    if stand == "written":
        keep_machines(play.director.settings, LivelyRoom(play).happen())
        return
    play.check_in(absent=1 if stand in {"published", "marking"} else 0)
    play.start()
    play.write(cut_off=2 if stand == "published" else 0)
    play.close(reprimand=stand in {"published", "ranked"})
    play.look_through(leave=stand == "sealing")
    if stand == "sealing":
        return
    play.draw_codes()
    play.seal()
    if play.plan.is_large:
        LivelyBoard(play, play.plan.written_at + 3 * DAY - 10 * MINUTE).happen()
        return
    play.allocate(play.plan.written_at + DAY + 2 * HOUR)
    if stand == "marking":
        play.mark(leave=1)
        return
    play.mark(lifted=3 if stand == "lifted" else 0)
    play.settle()
    play.merge()
    if stand == "lifted":
        why = "Vì sao điểm của lượt này cao hơn hẳn lượt còn lại của cùng bài?"
        ask(play, Event.MARK_LOCKED, why, at=play.plan.written_at + 6 * DAY, actor="marker/M01")
        return
    if stand == "appeals":
        ask_twice(play)
        return
    if stand == "remarking":
        begin_remarking(play)
        return
    if stand == "published":
        appeal_twice(play)
    hearing = Hearing(play)
    hearing.hand_in()
    if stand == "defence":
        hearing.defend(finished=2, open_next=True)
        return
    hearing.defend()
    play.rank()
    if stand == "ranked":
        ask(
            play,
            Event.RESULT_COMPUTED,
            "Vì sao thứ hạng được tính ngay trong ngày bảo vệ cuối cùng?",
            "Mọi phiếu bảo vệ đã khóa và mở từ buổi trước; lịch công bố định tính thứ hạng vào ngày này.",
            at=play.plan.later_at + 23 * DAY + HOUR,
        )
        play.sign(COUNCIL[0])
        return
    play.sign(*COUNCIL, AUTHORITY)
    play.publish()


def _waiting(login: str, known: dict[str, Plan]) -> str:
    """Where something waits for this account, as the terminal shows it."""
    return next((f"{known[stand].code}: {what}" for stand, logins, what in WAITING if login in logins), "")


def _listing(director: Director, known: dict[str, Plan]) -> str:
    """One account per role, and candidates at each stage, as the terminal shows them."""
    lines = [f"  Mật khẩu của mọi tài khoản (password of every account):  {PASSWORD}"]
    lines.append(
        "  Mã của yếu tố thứ hai (second-factor code):  trang hỏi mã hiện luôn mã (the page that asks shows it)"
    )
    lines.append(f"  Từ trên các tờ khóa (words of the key sheets):  {director.settings.instance_path / keys.SHEETS}")
    lines.append("")
    lines.append("  Cán bộ (officials)  /login")
    for official in (cast.ADMINISTRATOR, *cast.OFFICIALS, *cast.REMARKERS):
        lines.append(
            f"    {official.login:<12} {ROLE_WORDS[official.role]:<46} {_waiting(official.login, known)}".rstrip()
        )
    lines += ["", "  Thí sinh (candidates)  /candidate/login"]
    for stand, plan in known.items():
        competition = get_competition(director.session, plan.code)
        roster = list_roster(director.session, competition.id)
        if roster:
            shown = [roster[0], roster[-1]] if stand == "written" else roster[:1]
            lines += [f"    {item.candidate_number!s:<12} {plan.code}  {STAND_WORDS[stand]}" for item in shown]
        elif stand == "receiving":
            for item in list_candidacies(director.session, competition.id):
                if item.submitted_at is None:
                    lines.append(f"    {item.application_code:<12} {plan.code}  {STAND_WORDS[stand]}")
    return "\n".join(lines) + "\n"
