"""One competition from its announcement to its published ranking, played at the screen by everyone who has a part."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from examsite.domain.working_days import end_of_working_day
from examsite.services.working_days import work_calendar
from tests.browser.browser import Browser, Site
from tests.browser.pages.administrator import Administrator
from tests.browser.pages.candidate import Candidate
from tests.browser.pages.council import Authority, Chair, Keeper, Signer
from tests.browser.pages.invigilator import Invigilator
from tests.browser.pages.marker import HeadOfMarking, Marker
from tests.browser.pages.organiser import Organiser, hash_on
from tests.browser.pages.panel import PanelHead, Panellist
from tests.browser.pages.person import VIETNAM, Official
from tests.browser.pages.public import Reader
from tests.browser.pages.setter import Setter
from tests.browser.pages.supervisor import Supervisor
from tests.browser.recomputation import recompute
from tests.factories.files import docx, written

CODE = "TN-THI-01"
BEFORE_THE_START = "/api/attempts/open - Failed to load resource: the server responded with a status of 409"
POST = "P1"
BODY = "Sở Nội vụ thành phố Tân Nguyên"
SITTING = "S1"
MINUTES = 120
EXTRA_MINUTES = 15
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

OfficialT = TypeVar("OfficialT", bound=Official)

#: login → (name, position, role in the competition); the organiser gets the role by creating it.
OFFICIALS = {
    "thuky": ("Lương Thị Sao", "Chánh văn phòng", ""),
    "chutich": ("Tống Văn Khải", "Phó Giám đốc Sở", "chair"),
    "uyvien1": ("Âu Dương Hạnh", "Trưởng phòng Tổ chức", "council_member"),
    "uyvien2": ("Kha Đình Lộc", "Chánh thanh tra", "council_member"),
    "thutruong": ("Đoàn Thế Bảo", "Giám đốc Sở", "authority"),
    "rade": ("Giáp Thu Hòa", "Giảng viên", "setter"),
    "phach": ("Từ Ngọc Liên", "Chuyên viên chính", "keeper"),
    "coithi": ("Mạc Anh Sơn", "Chuyên viên", "invigilator"),
    "truongcham": ("Nhâm Quý Tài", "Phó Hiệu trưởng", "marking_head"),
    "cham1": ("Vương Đức Phú", "Giảng viên chính", "marker"),
    "cham2": ("Thạch Kim Cúc", "Giảng viên chính", "marker"),
    "cham3": ("Lục Vĩnh Hưng", "Giảng viên", "marker"),
    "truongdean": ("Bạch Công Minh", "Nguyên Phó Giám đốc", "panel_head"),
    "dean3": ("Khuất Duy Tiến", "Phó Chánh văn phòng", "panellist"),
    "giamsat": ("Nghiêm Xuân Thủy", "Ủy ban Kiểm tra", "supervisor"),
}
#: Two members of the council also sit on the panel, which the table of duties allows.
PANEL = ("uyvien1", "uyvien2", "dean3")

#: Who declares relations to the people on the fixed list, on the pages of which board.
DECLARING = {
    "thuky": ("organiser",),
    "chutich": ("council",),
    "uyvien1": ("council", "panel"),
    "uyvien2": ("council", "panel"),
    "rade": ("setter",),
    "phach": ("keeper",),
    "coithi": ("invigilator",),
    "truongcham": ("marker",),
    "cham1": ("marker",),
    "cham2": ("marker",),
    "cham3": ("marker",),
    "truongdean": ("panel",),
    "dean3": ("panel",),
}

#: Name → what distinguishes this person's essay. Nobody who marks sees the name.
ESSAYS = {
    "Hà Bảo Châu": "Tôi bắt đầu từ số liệu chín tháng và chỉ ra ba nút thắt.",
    "Lê Quang Duy": "Trước hết tôi gặp từng người trong phòng để nghe khó khăn.",
    "Ngô Diễm Giang": "Kế hoạch của tôi chia làm ba chặng, mỗi chặng một thước đo.",
    "Phạm Tú Uyên": "Việc đầu tiên là công khai thời hạn và xin lỗi khi trễ hẹn.",
}
HANDS_IN, GETS_TIME, IS_CLOSED, IS_REPRIMANDED = ESSAYS
IS_ABSENT = "Võ Nhật Khang"
IS_REFUSED = "Đỗ Việt Hùng"

#: What the first, second and third to mark a script give: a mean, a talk, a third marker who agrees with one, a mean.
MARKS = {
    HANDS_IN: ("55", "57.5"),
    GETS_TIME: ("52.5", "60"),
    IS_CLOSED: ("50", "60", "60"),
    IS_REPRIMANDED: ("50", "52.5"),
}

#: What the three members give, by who defends: two within the limit, one beyond it.
DEFENCES = {HANDS_IN: (84, 86, 89), GETS_TIME: (70, 78, 83), IS_CLOSED: (90, 91, 95), IS_REPRIMANDED: (60, 61, 62)}
DECIDED_DEFENCE = "77"


class Life:
    """The people of one competition and the computers they sit at."""

    def __init__(self, site: Site, seat: Callable[[Site, str], Browser], files: Path) -> None:
        self.site = site
        self.seat = seat
        self.files = files
        self.desk = seat(site, "bàn làm việc")
        self.machine = seat(site, "máy thi 1")
        # At the very instant a page may ask a little before the server has begun; it asks again by itself.
        self.machine.expect_in_console(BEFORE_THE_START)
        self.second_machine: Browser | None = None
        self.passwords: dict[str, str] = {}
        self.known: set[str] = set()
        self.candidates: dict[str, Candidate] = {}
        self.seats: dict[str, str] = {}
        self.sheets: list[str] = []
        self.marked: dict[str, int] = {}
        self.begins_at = site.now()
        morning = self.begins_at.astimezone(VIETNAM).replace(hour=8, minute=0, second=0, microsecond=0)
        self.written_at = morning + 45 * DAY
        # Holidays in the window of the appeals put off whatever comes behind it.
        window = end_of_working_day(
            self.written_at + 5 * DAY, 5, calendar=work_calendar(None, self.written_at), zone=VIETNAM
        )
        self.holidays = max((window - self.written_at - 14 * DAY) // DAY + 1, 0) * DAY
        self.schedule: dict[str, datetime] = {
            "applications_close_at": morning + 31 * DAY,
            "written_at": self.written_at,
            "written_results_at": morning + 51 * DAY,
            "proposals_close_at": morning + 65 * DAY + self.holidays,
            "defence_at": morning + 67 * DAY + self.holidays,
            "results_at": morning + 71 * DAY + self.holidays,
        }

    def comes(self, kind: type[OfficialT], login: str) -> OfficialT:
        """The official, logged in at the desk, with an own password; the first two do all of it at the screen."""
        person = kind(self.desk, login=login, password=self.passwords[login], code=CODE)
        if login not in self.known and len(self.known) < 2:
            person.logs_in()
            self.passwords[login] = person.chooses_password()
        else:
            person.comes_back()
            if login not in self.known:
                self.passwords[login] = person.replaces_password()
        self.known.add(login)
        return person

    # ------------------------------------------------------------------------------------------------- chapters

    def people_are_appointed(self, administrator_password: str) -> None:
        """Accounts on printed slips; one body, its organiser and its head."""
        admin = Administrator(self.desk, login="quantri", password=administrator_password)
        admin.logs_in()
        admin.creates_body("SNV-TN", name=BODY, name_en="Tân Nguyên Department of Home Affairs", level="department")
        for number, (login, (name, position, _role)) in enumerate(OFFICIALS.items()):
            self.passwords[login] = admin.opens_account(login, name=name, position=position, drawn=number < 2)
        admin.grants_at_body("thuky", role="organiser", body=BODY)
        admin.grants_at_body("thutruong", role="authority", body=BODY)

    def competition_is_planned(self) -> None:
        """Rule set with one own figure, post, criteria, people, schedule, words; then the papers' plan."""
        organiser = self.comes(Organiser, "thuky")
        organiser.creates_competition(
            body=BODY,
            title="Thi tuyển Trưởng phòng Cải cách hành chính",
            title_en="Selection of the Head of Administrative Reform",
            prefix="T",
            preset="hai-phong-pilot",
        )
        organiser.changes_figure("written_minutes", str(MINUTES))
        # A ceremony has a story of its own.
        organiser.chooses_figure("draw_contributors", "one")
        organiser.adds_post(
            POST,
            title="Trưởng phòng Cải cách hành chính",
            title_en="Head of Administrative Reform",
            unit="Phòng Cải cách hành chính",
            level="department",
            requirements="Tốt nghiệp đại học; ba năm gần nhất hoàn thành tốt nhiệm vụ.",
        )
        organiser.writes_criteria(
            POST,
            (
                ("Hiểu thực trạng", "Grasp of the situation", "30"),
                ("Giải pháp khả thi", "Feasible solutions", "40"),
                ("Trình bày và trả lời", "Presentation and answers", "30"),
            ),
        )
        roles = [(login, role) for login, (_name, _position, role) in OFFICIALS.items() if role]
        for number, (login, role) in enumerate([*roles, *((login, "panellist") for login in PANEL[:2])]):
            organiser.appoints(login, role, drawn=number < 2)
        organiser.sets_schedule(self.schedule)
        organiser.writes_announcement("Cơ quan tổ chức thi tuyển một chức danh.", "One post is filled by selection.")
        missing = organiser.sees_missing()
        assert len(missing) == 1, missing  # the papers' plan, which the setter owes
        self.comes(Setter, "rade").plans_as_suggested(POST)

    def people_apply(self) -> None:
        """Announced and open; four at the public form, two from a list; one hands in online, the rest on paper."""
        organiser = self.comes(Organiser, "thuky")
        organiser.announces()
        organiser.opens_next_gate()
        names = [*ESSAYS, IS_ABSENT, IS_REFUSED]
        for number, name in enumerate(names[:4]):
            candidate = Candidate(self.machine, name=name)
            candidate.applies(CODE, POST, {
                "born_on": f"1{number}/05/1986", "identity_number": f"03108600{number:04d}",
                "unit": f"Phòng số {number + 1}", "position_title": "Phó trưởng phòng",
            })  # fmt: skip
            self.candidates[name] = candidate
        paper = self.files / "giay-to.docx"
        paper.write_bytes(docx(body=written("Giấy tờ của hồ sơ")))
        online = self.candidates[HANDS_IN]
        online.logs_in()
        online.submits_dossier(paper)
        online.logs_out()
        sheet = self.files / "danh-sach.csv"
        with sheet.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["Họ và tên", "Ngày sinh", "Số định danh", "Đơn vị công tác", "Chức vụ hiện nay",
                           "Mã chức danh dự tuyển"])  # fmt: skip
            for number, name in enumerate(names[4:]):
                rows.writerow(
                    [name, f"2{number}/09/1988", f"03108800{number:04d}", "Văn phòng Sở", "Chuyên viên", POST]
                )
        organiser.imports_candidates(sheet, expected=2)
        for name in names[1:4]:
            organiser.decides(name, "submitted")

    def list_is_fixed(self) -> None:
        """Closed at the time announced; five accepted, one refused with a reason; numbers and slips."""
        organiser = self.comes(Organiser, "thuky")
        assert len(organiser.sees_missing()) == 1  # the announced time has not come
        self.site.move_clock_to(self.schedule["applications_close_at"] + MINUTE)
        organiser = self.comes(Organiser, "thuky")
        organiser.opens_next_gate()
        for name in (*ESSAYS, IS_ABSENT):
            organiser.decides(name, "accepted")
        organiser.decides(IS_REFUSED, "refused", "Chưa đủ thời gian giữ chức vụ theo tiêu chuẩn đã thông báo.")
        organiser.fixes_roster()
        slips = organiser.prints_slips()
        assert set(slips) == {*ESSAYS, IS_ABSENT}
        for name, (number, password) in slips.items():
            self.candidates[name] = Candidate(self.machine, name=name, login=number, password=password)
        numbers = [self.candidates[name].login for name in sorted(slips, key=lambda name: name.split()[-1])]
        assert numbers == sorted(numbers)  # by given name
        shown: set[str] = set()
        for login, audiences in DECLARING.items():
            official = self.comes(Official, login)
            for audience in audiences:
                official.declares_no_relation(audience, drawn=audience not in shown)
                shown.add(audience)

    def room_is_ready(self) -> None:
        """Papers sealed, a room, seats; the test begun and one version opened by the chair; identities checked."""
        self.site.move_clock_to(self.written_at - 10 * DAY)
        self.comes(Setter, "rade").draws_and_seals(POST)
        organiser = self.comes(Organiser, "thuky")
        organiser.schedules_sitting(SITTING, room="Phòng thi 01", starts_at=self.written_at)
        organiser.gives_seats()
        self.site.move_clock_to(self.written_at - 50 * MINUTE)
        organiser = self.comes(Organiser, "thuky")
        organiser.opens_next_gate()
        organiser.asks_to_start_without_rehearsal(SITTING, "Chuyện kể trên đồng hồ được dời, không tổng duyệt được.")
        self.comes(Signer, "uyvien1").agrees_to_opening(POST)
        chair = self.comes(Chair, "chutich")
        chair.opens_paper(POST)
        chair.agrees_to_request()
        invigilator = self.comes(Invigilator, "coithi")
        names = {person.login.removeprefix("T"): name for name, person in self.candidates.items()}
        seats = invigilator.sees_seats(SITTING)
        self.seats = {names[number]: place for place, number in seats.items() if number in names}
        assert set(self.seats) == {*ESSAYS, IS_ABSENT}
        for name in ESSAYS:
            invigilator.checks_in(SITTING, self.seats[name])

    def test_is_written(self) -> None:
        """Two wait and begin at one instant; one comes after them; a reload, extra time, an incident; all end."""
        self.second_machine = self.seat(self.site, "máy thi 2")
        self.second_machine.expect_in_console(BEFORE_THE_START)
        self.candidates[GETS_TIME].browser = self.second_machine
        first, second = self.candidates[HANDS_IN], self.candidates[GETS_TIME]
        for person in (first, second):
            person.logs_in()
            person.waits_for_the_start()
        self.site.move_clock_to(self.written_at)
        for person in (first, second):
            person.is_writing()  # nobody pressed anything
        questions = first.lists_questions()
        objective = [item for item, kind in questions.items() if kind != "essay"]
        essays = [item for item, kind in questions.items() if kind == "essay"]
        assert len(objective) >= 10
        assert len(essays) == 2

        for person in (first, second):
            for number, item in enumerate(objective[:4]):
                person.answers(item, number % 2)
            person.writes(essays[0], ESSAYS[person.name])
        first.is_saved()
        before = {item: first.reads_answer(item) for item in (*objective[:4], essays[0])}
        first.browser.driver.refresh()
        first.is_writing()
        assert {item: first.reads_answer(item) for item in before} == before
        assert before[essays[0]] == ESSAYS[first.name]
        first.writes(essays[1], "Phần hai, viết sau khi tải lại trang.")
        assert first.hands_in()
        first.logs_out()

        reprimanded = self.candidates[IS_REPRIMANDED]
        reprimanded.logs_in()
        reprimanded.goes_to("/candidate/test")
        reprimanded.is_writing()
        reprimanded.writes(essays[0], ESSAYS[IS_REPRIMANDED])
        reprimanded.is_saved()
        invigilator = self.comes(Invigilator, "coithi")
        invigilator.records_incident(
            SITTING, self.seats[IS_REPRIMANDED], minutes="Trao đổi với người bên cạnh sau khi đã nhắc.",
            measure="reprimand",
        )  # fmt: skip
        invigilator.gives_time(SITTING, self.seats[GETS_TIME], EXTRA_MINUTES, "Máy khởi động lại.")
        assert reprimanded.hands_in()
        reprimanded.logs_out()

        closed = self.candidates[IS_CLOSED]
        closed.logs_in()
        closed.goes_to("/candidate/test")
        closed.is_writing()
        closed.writes(essays[0], ESSAYS[IS_CLOSED])
        closed.is_saved()
        self.site.move_clock_to(self.written_at + MINUTES * MINUTE + 2 * MINUTE)
        closed.browser.until(lambda: self.is_over(closed), what="the end of the test")
        assert "khi hết giờ" in closed.reads()
        closed.logs_out()

        second.writes(essays[0], " Viết trong phần giờ bù.")
        second.is_saved()
        assert second.hands_in()
        second.logs_out()
        self.second_machine.close()

    def is_over(self, person: Candidate) -> bool:
        """Whether the receipt is there, looked at again until the server has closed."""
        if "receipt" not in person.browser.driver.current_url:
            person.browser.open("/candidate/test")
        return bool(person.browser.see_all("receipt"))

    def room_is_closed(self) -> None:
        """The list signed, one absent; the incident decided."""
        self.site.move_clock_to(self.written_at + (MINUTES + EXTRA_MINUTES + 5) * MINUTE)
        invigilator = self.comes(Invigilator, "coithi")

        def is_signable() -> bool:
            invigilator.goes_to(f"/invigilator/{CODE}/sittings/{SITTING}")
            return bool(self.desk.see_all("sign-attendance"))

        self.desk.until(is_signable, what="the sitting closed by the server")
        assert IS_ABSENT in str(
            self.desk.driver.find_element("id", "attendance-title").find_element("xpath", "..").text
        )
        invigilator.signs_attendance(SITTING)
        self.comes(Chair, "chutich").decides_incident("reprimand")

    def scripts_are_marked(self) -> None:
        """The key of the codes split, codes drawn and sealed, two blind marks, a talk, a third marker; all settled."""
        self.site.move_clock_to(self.written_at + DAY)
        self.comes(Chair, "chutich").splits_codes_key()
        self.sheets = [self.comes(Signer, login).takes_key_sheet() for login in ("chutich", "uyvien1", "uyvien2")]
        self.comes(Keeper, "phach").looks_through()
        self.comes(Chair, "chutich").draws_codes()
        self.comes(Keeper, "phach").seals_codes()
        self.comes(Chair, "chutich").draws_allocation()
        for login in ("cham1", "cham2", "cham3"):
            self.comes(Marker, login).marks_queue(self.next_mark, self.sees_no_person)
        head = self.comes(HeadOfMarking, "truongcham")
        acts = head.settles(reason="Hai người chấm thống nhất sau khi đối chiếu hướng dẫn chấm.")
        assert sorted(act for act in acts if act != "seen") == ["decide", "third"]
        for login in ("cham1", "cham2", "cham3"):
            self.comes(Marker, login).marks_queue(self.next_mark, self.sees_no_person)
        assert self.marked == {name: len(marks) for name, marks in MARKS.items()}
        head = self.comes(HeadOfMarking, "truongcham")
        head.settles(reason="Lấy điểm hai người chấm bằng nhau.")
        assert len(head.sees_standings()) == len(MARKS)

    def next_mark(self, _code: str, text: str) -> Decimal:
        """What whoever marks this text next gives it."""
        (name,) = (name for name, essay in ESSAYS.items() if essay in text)
        number = self.marked.get(name, 0)
        self.marked[name] = number + 1
        return Decimal(MARKS[name][number])

    def sees_no_person(self, source: str) -> None:
        """A page of a marker names no candidate, by no name, number or account."""
        for name, person in self.candidates.items():
            assert name not in source
            assert not re.search(rf"\b{re.escape(person.login)}\b", source)

    def written_results_are_published(self) -> None:
        """Codes opened; each sees the own result and no other."""
        self.site.move_clock_to(self.written_at + 5 * DAY)
        self.comes(Chair, "chutich").opens_codes(self.sheets[:2])
        self.comes(Organiser, "thuky").opens_next_gate()
        person = self.candidates[HANDS_IN]
        person.logs_in()
        assert re.fullmatch(r"\d+,\d\d", person.reads_written_score())
        assert ESSAYS[HANDS_IN] in person.reads()
        assert not any(name in person.reads() for name in ESSAYS if name != HANDS_IN)
        assert "Máy này tự tính" in person.checks_own_result()
        person.logs_out()

    def proposals_are_handed_in(self) -> None:
        """After the appeal window; uploads until the deadline, then locked; the order drawn."""
        self.site.move_clock_to(self.written_at + 15 * DAY + self.holidays)
        self.comes(Organiser, "thuky").opens_next_gate()
        for name in self.passed():
            person = self.candidates[name]
            person.browser = self.machine
            file = self.files / "de-an.docx"
            file.write_bytes(docx(body=written(f"Đề án {DEFENCES[name][0]}", "Chương trình hành động 100 ngày.")))
            person.comes_back()
            person.uploads_proposal("Chương trình hành động 100 ngày", file)
        assert len(self.comes(Organiser, "thuky").sees_missing()) == 1  # the deadline has not come
        self.site.move_clock_to(self.schedule["proposals_close_at"] + MINUTE)
        self.comes(Organiser, "thuky").opens_next_gate()
        late = self.candidates[HANDS_IN]
        late.logs_in()
        late.goes_to("/candidate/proposal")
        self.machine.see("closed")
        late.logs_out()
        self.comes(Chair, "chutich").draws_order()

    def passed(self) -> list[str]:
        """Those who passed the written test: asked of each on the own page, once."""
        if not hasattr(self, "_passed"):
            self._passed = []
            for name in ESSAYS:
                person = self.candidates[name]
                person.browser = self.machine
                person.comes_back()
                score = Decimal(person.reads_written_score().replace(",", "."))
                if score >= 50:
                    self._passed.append(name)
        return self._passed

    def proposals_are_defended(self) -> None:
        """Each member alone; revealed together; a gap beyond the limit decided by the head."""
        self.site.move_clock_to(self.schedule["defence_at"])
        self.comes(Invigilator, "coithi").records_defence_attendance()
        head = self.comes(PanelHead, "truongdean")
        turns = head.sees_turns()
        assert sorted(turns.values()) == sorted(self.passed())
        for number, position in enumerate(turns):
            head.leads(
                position,
                wait=lambda minutes: self.site.move_clock_to(self.site.now() + minutes * MINUTE),
                drawn=number == 0,
            )
        for place, login in enumerate(PANEL):
            member = self.comes(Panellist, login)
            for position, name in turns.items():
                member.scores(position, DEFENCES[name][place])
        head = self.comes(PanelHead, "truongdean")
        for position, name in turns.items():
            head.reveals(position)
            if max(DEFENCES[name]) - min(DEFENCES[name]) > 10:
                head.decides(position, DECIDED_DEFENCE, "Ba thành viên đã nêu căn cứ; điểm giữa phản ánh đúng nhất.")
            else:
                head.closes_discussion(position)

    def result_is_signed_and_published(self) -> str:
        """Computed; signed over one hash by three of the council and the authority; published."""
        self.site.move_clock_to(self.schedule["defence_at"] + DAY)
        sha256 = self.comes(Organiser, "thuky").computes_result()
        for login in ("uyvien1", "uyvien2"):
            self.comes(Signer, login).signs(sha256)
        self.comes(Chair, "chutich").signs(sha256)
        self.comes(Authority, "thutruong").signs(sha256)
        self.comes(Organiser, "thuky").publishes_result()
        return sha256

    def anyone_checks_it(self, sha256: str) -> None:
        """The file has the hash that was signed and logged; everything on the page follows from its marks."""
        reader = Reader(self.desk, CODE)
        lines = reader.reads_ranking(POST)
        assert hash_on(reader) == sha256
        data = reader.downloads_result()
        assert hashlib.sha256(data).hexdigest() == sha256
        event, content = self.comes(Supervisor, "giamsat").reads_newest_record()
        assert (event, content) == ("result:published", {"result_sha256": sha256})
        document = json.loads(data)
        verdicts = recompute(document)
        stated = {candidate["code"]: candidate for candidate in document["candidates"]}
        assert set(lines) == set(verdicts) == set(stated)
        assert len(lines) == len(ESSAYS) + 1
        for code, verdict in verdicts.items():
            line = lines[code]
            assert stated[code]["rank"] == verdict.rank
            assert stated[code]["outcome"] == verdict.outcome
            assert line.rank == ("–" if verdict.rank is None else str(verdict.rank))
            assert line.total == ("–" if verdict.total is None else f"{verdict.total}".replace(".", ","))
            assert ("Trúng tuyển" in line.outcome) == (verdict.outcome == "selected")
            for part, score in verdict.scores.items():
                found = next(item for item in stated[code]["parts"] if item["part"] == part)
                assert found["score"] == (None if score is None else f"{score}")
        outcomes = sorted(verdict.outcome for verdict in verdicts.values())
        assert outcomes.count("selected") == 1
        assert outcomes.count("absent") == 1
        (winner,) = (code for code, verdict in verdicts.items() if verdict.outcome == "selected")
        assert stated[winner]["name"] == IS_CLOSED  # the best defence, and a third marker who agreed with the higher
        assert all(stated[code]["name"] is None for code in stated if code != winner)


def test_a_competition_lives_from_announcement_to_ranking(
    new_site: Callable[..., Site], people: Callable[[Site, str], Browser], tmp_path: Path
) -> None:
    site = new_site(moved_clock=True)
    said = site.command("init", "--empty", "--administrator", "quantri")
    password = re.search(r"\(password\):\s+(\S+)", said)
    assert password is not None
    site.start()
    life = Life(site, people, tmp_path)
    life.people_are_appointed(password[1])
    life.competition_is_planned()
    life.people_apply()
    life.list_is_fixed()
    life.room_is_ready()
    life.test_is_written()
    life.room_is_closed()
    life.scripts_are_marked()
    life.written_results_are_published()
    life.proposals_are_handed_in()
    life.proposals_are_defended()
    sha256 = life.result_is_signed_and_published()
    life.anyone_checks_it(sha256)
    verified = site.command("records", "verify")
    assert "✗" not in verified
    assert f"✓ {CODE}:" in verified
