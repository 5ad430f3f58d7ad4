"""Who plays in the demonstration: invented bodies, officials, candidates and what they write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from examsite.domain.competitions import DelegationLevel
from examsite.domain.permissions import Role


@dataclass(frozen=True)
class BodyPart:
    """A body of the demonstration."""

    code: str
    name: str
    name_en: str
    level: DelegationLevel
    parent: str | None = None


@dataclass(frozen=True)
class Official:
    """An official and the role held in every competition of the demonstration."""

    login: str
    name: str
    position: str
    role: Role


@dataclass(frozen=True)
class Applicant:
    """A candidate as the application form knows one."""

    name: str
    born_on: date
    unit: str
    position: str


BODIES = (
    BodyPart("UBND-VH", "Ủy ban nhân dân thành phố Vân Hải", "Vân Hải City People's Committee", DelegationLevel.CITY_GOVERNMENT),
    BodyPart("SNV-VH", "Sở Nội vụ thành phố Vân Hải", "Vân Hải Department of Home Affairs", DelegationLevel.DEPARTMENT, "UBND-VH"),
    BodyPart("SYT-VH", "Sở Y tế thành phố Vân Hải", "Vân Hải Department of Health", DelegationLevel.DEPARTMENT, "UBND-VH"),
    BodyPart("SXD-VH", "Sở Xây dựng thành phố Vân Hải", "Vân Hải Department of Construction", DelegationLevel.DEPARTMENT, "UBND-VH"),
)  # fmt: skip

OFFICIALS = (
    Official("thuky", "Lại Hoàng Vân", "Chánh văn phòng", Role.ORGANISER),
    Official("chutich", "Vũ Đình Khôi", "Phó Giám đốc Sở", Role.CHAIR),
    Official("uyvien1", "Phạm Thu Lam", "Trưởng phòng Tổ chức cán bộ", Role.COUNCIL_MEMBER),
    Official("uyvien2", "Đặng Mỹ Uyên", "Chánh thanh tra Sở", Role.COUNCIL_MEMBER),
    Official("uyvien3", "Hoàng Gia Nhiên", "Trưởng phòng Pháp chế", Role.COUNCIL_MEMBER),
    Official("uyvien4", "Nguyễn Hoài An", "Bí thư Đoàn cơ quan", Role.COUNCIL_MEMBER),
    Official("thutruong", "Lưu Quốc Trấn", "Giám đốc Sở", Role.AUTHORITY),
    Official("rade", "Bùi Khánh Chi", "Giảng viên Trường Chính trị", Role.SETTER),
    Official("phach", "Trịnh Bảo Ngân", "Chuyên viên chính", Role.KEEPER),
    Official("coithi", "Hồ Sỹ Lâm", "Chuyên viên", Role.INVIGILATOR),
    Official("coithi2", "Đinh Thị Thu Hà", "Giáo vụ Trường Chính trị", Role.INVIGILATOR),
    Official("truongcham", "Đỗ Quang Hiển", "Phó Hiệu trưởng Trường Chính trị", Role.MARKING_HEAD),
    Official("cham1", "Ngô Thanh Tùng", "Giảng viên chính", Role.MARKER),
    Official("cham2", "Dương Kim Oanh", "Giảng viên chính", Role.MARKER),
    Official("cham3", "Mai Xuân Phúc", "Giảng viên", Role.MARKER),
    Official("truongdean", "Tạ Minh Đức", "Nguyên Phó Giám đốc Sở", Role.PANEL_HEAD),
    Official("dean1", "Lê Thị Hồng Nhung", "Trưởng phòng Kế hoạch", Role.PANELLIST),
    Official("dean2", "Phan Văn Trường", "Trưởng ban Quản lý dự án", Role.PANELLIST),
    Official("dean3", "Cao Ngọc Diệp", "Phó Chánh văn phòng", Role.PANELLIST),
    Official("giamsat", "Ông Thế Vinh", "Ủy ban Kiểm tra", Role.SUPERVISOR),
)

#: Mark anew on appeal: given their role only once somebody has appealed.
REMARKERS = (
    Official("phuckhao1", "Từ Thị Mai Hương", "Giảng viên chính", Role.MARKER),
    Official("phuckhao2", "Lương Công Thành", "Giảng viên chính", Role.MARKER),
    Official("phuckhao3", "Võ Hạnh Nguyên", "Giảng viên", Role.MARKER),
)

#: Works in the unit of a candidate, so that the council has something to judge.
COLLEAGUE = "uyvien2"

ADMINISTRATOR = Official("quantri", "Kiều Anh Dũng", "Quản trị hệ thống", Role.ADMINISTRATOR)

APPLICANTS = (
    Applicant("Trần Minh Khuê", date(1986, 4, 12), "Phòng Cải cách hành chính", "Phó trưởng phòng"),
    Applicant("Đặng Vũ Thục Quyên", date(1988, 9, 3), "Phòng Tổ chức biên chế", "Chuyên viên chính"),
    Applicant("Nguyễn Đăng Ánh", date(1984, 1, 27), "Văn phòng Sở", "Phó Chánh văn phòng"),
    Applicant("Lý Thành Ân", date(1990, 6, 18), "Phòng Công chức viên chức", "Chuyên viên"),
    Applicant("Phùng Hải Yến", date(1987, 11, 5), "Thanh tra Sở", "Thanh tra viên"),
    Applicant("Hoàng Công Đức", date(1985, 3, 30), "Phòng Xây dựng chính quyền", "Chuyên viên chính"),
    Applicant("Vi Thị Mận", date(1989, 8, 21), "Ủy ban nhân dân phường An Lạc", "Phó Chủ tịch"),
    Applicant("Quách Tuấn Nghĩa", date(1983, 12, 9), "Trung tâm Lưu trữ", "Phó Giám đốc"),
    Applicant("Triệu Bích Ngọc", date(1991, 2, 14), "Phòng Việc làm", "Chuyên viên"),
    Applicant("Đinh Trọng Nhân", date(1986, 7, 7), "Phòng Tôn giáo", "Chuyên viên chính"),
)

_SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô", "Lương", "Tô", "Khuất", "Hà")
_MIDDLES = ("Thị Minh", "Quang", "Hồng", "Văn", "Thanh", "Ngọc Bảo", "Đức")
_GIVEN = ("An", "Bình", "Chi", "Dũng", "Giang", "Hạnh", "Khánh", "Linh", "Nga", "Phúc", "Quỳnh")
_UNITS = ("Văn phòng Sở", "Phòng Văn thư lưu trữ", "Phòng Tổ chức biên chế", "Thanh tra Sở", "Phòng Việc làm")


def many_applicants(count: int) -> tuple[Applicant, ...]:
    """The known people and as many more as are wanted, put together from common names; nobody occurs twice."""
    made = [
        Applicant(
            f"{_SURNAMES[number % 13]} {_MIDDLES[number % 7]} {_GIVEN[number % 11]}",
            date(1982 + number % 9, 1 + number % 12, 1 + number % 28),
            _UNITS[number % 5],
            "Chuyên viên chính",
        )
        for number in range(max(0, count - len(APPLICANTS)))
    ]
    return (*APPLICANTS, *made)[:count]


ANNOUNCEMENT = """Căn cứ kế hoạch thi tuyển chức danh lãnh đạo, quản lý cấp phòng năm nay, cơ quan thông báo tuyển chọn các chức danh nêu tại trang này.

Người dự tuyển làm một bài thi viết 180 phút tại phòng thi, gồm phần trắc nghiệm và phần tự luận; người đạt bài viết nộp đề án và bảo vệ trước ban chấm đề án. Bài viết do hai người chấm độc lập, không biết tên người viết. Thứ hạng được tính từ điểm theo bộ quy tắc công bố cùng thông báo này.

Hồ sơ nộp trên hệ thống, hạn cuối theo lịch. Mỗi chức danh phải có từ hai người đủ điều kiện trở lên mới tổ chức thi."""

ANNOUNCEMENT_EN = """Under this year's plan for the competitive selection of section-level leaders, the body announces the selection for the posts named on this page.

Candidates sit one written test of 180 minutes in an exam room, with objective questions and essays; those who pass hand in a proposal and defend it before the panel. Every script is marked by two people independently who do not know whose it is. The ranking is computed from the marks under the rule set published with this announcement.

Dossiers are handed in on this site before the closing time in the schedule. A post needs at least two eligible candidates."""

REQUIREMENTS = "Tốt nghiệp đại học phù hợp vị trí; được quy hoạch chức danh hoặc tương đương; ba năm gần nhất hoàn thành tốt nhiệm vụ trở lên; đủ tuổi công tác trọn một nhiệm kỳ 5 năm."
REQUIREMENTS_EN = "A fitting university degree; planned for this or an equivalent post; good performance in the last three years; age for one full term of five years."

#: Sentences that give their author away, with ordinary ones that only look so; for the code board to decide.
TELLING = (
    "Tôi là Lâm Đức Thọ Khang, hiện đang công tác tại Phòng Quản lý kiến trúc, Sở Xây dựng. Ở phòng tôi, anh Tuấn đã thử cách này trong ba tháng.",
    "Nghị quyết nhắc lời Chủ tịch Hồ Chí Minh về cán bộ. Khi cần trao đổi thêm xin gọi 0912 345 678; ông Trần Văn Mẫn, trưởng phòng cũ của tôi, còn giữ bảng số liệu.",
)
