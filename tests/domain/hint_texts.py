"""Answers of a management examination, put together from a seed, with what gives their author away written down.

Two sets of words that share no name, no unit and no sentence: the search was written with the first one at hand; the
second one only says whether it holds elsewhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from examsite.domain.names import strip_accents


@dataclass
class Answer:
    """A text and the places in it that give its author away."""

    text: str = ""
    planted: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, sentence: str, kind: str = "", *secrets: str) -> None:
        """Put a sentence at the end; `{0}`, `{1}` stand for what gives the author away."""
        for number, secret in enumerate(secrets):
            before, _mark, behind = sentence.partition(f"{{{number}}}")
            start = len(self.text) + len(before)
            self.planted.append((start, start + len(secret), kind))
            sentence = before + secret + behind
        self.text += sentence


@dataclass(frozen=True)
class Words:
    """What answers are made of."""

    surnames: Sequence[str]
    middles: Sequence[str]
    givens: Sequence[str]
    units: Sequence[str]
    plain: Sequence[str]
    traps: Sequence[str]
    names: Sequence[str]
    given_only: Sequence[str]
    own_units: Sequence[str]
    phones: Sequence[str]
    identities: Sequence[str]
    mails: Sequence[str]
    numbers: Sequence[str]
    signatures: Sequence[str]

    def name(self, random_: random.Random) -> str:
        parts = [random_.choice(self.surnames), random_.choice(self.middles), random_.choice(self.givens)]
        if random_.random() < 0.15:
            parts.insert(2, random_.choice(self.givens))
        return " ".join(parts)


FIRST = Words(
    surnames=("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý"),
    middles=("Văn", "Thị", "Minh", "Đức", "Hữu", "Ngọc", "Thanh", "Quang", "Thị Thu", "Xuân"),
    givens=("Nam", "Hạnh", "Tuấn", "Hương", "Dũng", "Lan", "Sơn", "Hải", "Linh", "Thảo", "Khánh", "Bình", "Phương"),
    units=(
        "Phòng Cải cách hành chính, Sở Nội vụ",
        "Sở Tài chính thành phố Hải Phòng",
        "UBND huyện Kiến Thụy",
        "Chi cục Bảo vệ môi trường",
        "Phòng Kinh tế và Hạ tầng",
        "Trung tâm Phục vụ hành chính công quận Lê Chân",
        "Văn phòng Ủy ban nhân dân thành phố",
        "Ban Quản lý khu kinh tế",
    ),
    plain=(
        "Trước hết cần rà soát toàn bộ quy trình giải quyết thủ tục và công khai thời hạn. ",
        "Người đứng đầu phải chịu trách nhiệm về kết quả của tập thể. ",
        "Giải pháp thứ hai là phân công lại công việc theo năng lực, có đo lường từng tuần. ",
        "Cấp dưới cần được trao quyền cùng với trách nhiệm rõ ràng. ",
        "Tôi cho rằng đối thoại với người dân là cách nhanh nhất để biết chỗ vướng. ",
        "Nếu tôi là trưởng phòng, tôi sẽ họp cả phòng để nghe ý kiến trước khi quyết định. ",
        "Việc chậm hạn thường do khâu phối hợp giữa các cơ quan chưa chặt. ",
    ),
    traps=(
        "Chủ tịch Hồ Chí Minh dạy: “Cán bộ là cái gốc của mọi công việc”. ",
        "Theo Luật Cán bộ, công chức năm 2008 và Nghị định số 138/2020/NĐ-CP, việc bổ nhiệm phải công khai. ",
        "Tại Thành phố Hồ Chí Minh và Hà Nội đã có mô hình tương tự. ",
        "Phòng Nội vụ các huyện cần phối hợp với Sở Nội vụ để rà soát biên chế. ",
        "Kinh phí dự kiến 1.250.000.000 đồng, giải ngân trong 12 tháng. ",
        "Nghị quyết số 18-NQ/TW ngày 25/10/2017 yêu cầu tinh gọn bộ máy. ",
        "Tuyến đường Trần Hưng Đạo thường xuyên ùn tắc vào giờ cao điểm. ",
        "Đồng chí Bí thư cấp ủy phải nêu gương, Đoàn Thanh niên tham gia giám sát. ",
        "Ủy ban nhân dân cấp huyện chịu trách nhiệm trước Hội đồng nhân dân cùng cấp. ",
        "Trường hợp tôi là Giám đốc Sở Tài chính, tôi sẽ giao chỉ tiêu theo quý. ",
        "Nguyễn Trãi viết trong Bình Ngô đại cáo: việc nhân nghĩa cốt ở yên dân. ",
        "Cao Bằng, Lâm Đồng và Thái Bình đã thí điểm chuyển đổi số cấp xã. ",
        "Theo Thông tư 22/2025/TT-BNV, bài thi viết do hai người chấm độc lập. ",
    ),
    names=(
        "Tôi là {0}, nhiều năm làm công tác tham mưu. ",
        "Tên tôi là {0}. ",
        "Trong dịp đó, đồng chí {0} đã cùng tôi soạn đề án. ",
        "Lãnh đạo trực tiếp của tôi là ông {0}. ",
        "Năm 2019 {0} và tôi được giao làm tổ trưởng. ",
        "Em tên là {0} xin trình bày như sau. ",
    ),
    given_only=("Anh {0} ở cùng phòng đã giúp tôi việc này. ", "Khi ấy chị {0} phản đối, tôi vẫn thuyết phục được. "),
    own_units=(
        "Tôi đang công tác tại {0}. ",
        "Cơ quan tôi là {0}. ",
        "Hiện tôi làm việc tại {0}. ",
        "Tôi là chuyên viên của {0}. ",
        "Tại {0} nơi tôi đang công tác, hồ sơ trễ hạn giảm một nửa. ",
    ),
    phones=("Khi cần xin gọi số {0}. ", "Điện thoại của tôi: {0}. "),
    identities=("Số căn cước công dân: {0}. ", "CCCD {0}. "),
    mails=("Thư xin gửi về {0}. ", "Email: {0} "),
    numbers=("Số báo danh: {0}. ", "SBD {0}. "),
    signatures=("\nNgười viết: {0}", "\nThí sinh: {0}", "\nNgười làm bài\n{0}"),
)

SECOND = Words(
    surnames=("Phan", "Huỳnh", "Đinh", "Trịnh", "Trương", "Mai", "Tạ", "Lương", "Đoàn", "Phùng", "Cao", "Hà", "Tô"),
    middles=("Đình", "Quốc", "Thị Bích", "Hồng", "Công", "Gia", "Bảo", "Thùy", "Mạnh", "Duy"),
    givens=("Cường", "Trang", "Hiếu", "Nhung", "Quân", "Yến", "Đạt", "Hằng", "Long", "Oanh", "Vinh", "Giang", "Tâm"),
    units=(
        "Sở Y tế tỉnh Nam Định",
        "Phòng Tổ chức cán bộ, Sở Xây dựng",
        "Thanh tra Sở Giao thông vận tải",
        "Ủy ban nhân dân phường An Lạc",
        "Chi cục Thủy lợi",
        "Trung tâm Y tế huyện Vân Đồn",
        "Văn phòng Hội đồng nhân dân tỉnh",
        "Phòng Giáo dục và Đào tạo quận Hồng Bàng",
        "Cục Thuế tỉnh Bắc Ninh",
    ),
    plain=(
        "Muốn sửa lề lối làm việc thì phải bắt đầu từ người phụ trách. ",
        "Chỉ số hài lòng của người dân cần được công bố hằng quý. ",
        "Một cuộc họp không có kết luận bằng văn bản là một cuộc họp thừa. ",
        "Với cương vị trưởng phòng, tôi sẽ lập bảng theo dõi việc và hạn của từng người. ",
        "Rủi ro lớn nhất là tâm lý ngại thay đổi, nhất là ở những người sắp nghỉ hưu. ",
        "Phương án hai tốn ít tiền hơn nhưng cần nhiều thời gian để đào tạo lại. ",
        "Em xin nêu ba nhóm giải pháp, xếp theo thứ tự ưu tiên. ",
        "Đào tạo tại chỗ rẻ hơn cử đi học. Cao nhất là tinh thần tự giác. ",
    ),
    traps=(
        "Bác Hồ từng nói: “Dễ trăm lần không dân cũng chịu, khó vạn lần dân liệu cũng xong”. ",
        "Căn cứ Luật Tổ chức chính quyền địa phương và Quyết định 1847/QĐ-TTg về văn hóa công vụ. ",
        "Thủ tướng Phạm Minh Chính yêu cầu không đùn đẩy trách nhiệm. ",
        "Đà Nẵng, Quảng Ninh, Hà Giang xếp hạng khác nhau về PAR INDEX. ",
        "Trường THPT Lê Quý Đôn và bệnh viện Bạch Mai là hai nơi được khảo sát. ",
        "Sở Xây dựng chủ trì, các phòng chuyên môn phối hợp thực hiện. ",
        "Mức chi 350.000.000 đồng, vượt dự toán 4,25 %. ",
        "Thân Nhân Trung viết: “Hiền tài là nguyên khí của quốc gia”. ",
        "Số hồ sơ tồn là 12.480, trong đó 0,9 % quá hạn trên 30 ngày. ",
        "Hội Cựu chiến binh, Hội Phụ nữ và Mặt trận Tổ quốc cùng vào cuộc. ",
        "Giả sử tôi là Chánh Văn phòng Ủy ban nhân dân tỉnh, tôi sẽ đề nghị lập tổ công tác. ",
        "Các đồng chí Trưởng phòng phải ký cam kết; anh em trong phòng giám sát lẫn nhau. ",
        "Kết luận số 14-KL/TW ngày 22 tháng 9 năm 2021 khuyến khích cán bộ năng động. ",
        "Người dân phường có thể gọi tổng đài 1022 hoặc 19001234. ",
        "Ở huyện Cao Lộc và thị xã Từ Sơn việc liên thông đã xong. ",
    ),
    names=(
        "Người viết bài này là {0}, đã có mười năm trong nghề. ",
        "Họ và tên: {0}. ",
        "Chuyện này anh {0} biết rõ vì anh là thủ trưởng của tôi. ",
        "Tôi tên {0}, sinh ra ở vùng biển. ",
        "Cùng nhóm với tôi có bà {0}. ",
        "Sáng kiến do {0} và tôi đề xuất đã được công nhận. ",
    ),
    given_only=("Nhờ đồng chí {0} hướng dẫn, tôi nắm việc rất nhanh. ", "Bà {0}, kế toán cũ, đã bàn giao cho tôi. "),
    own_units=(
        "Hiện nay tôi công tác ở {0}. ",
        "Đơn vị tôi là {0}. ",
        "Từ năm 2015 tôi làm việc tại {0}. ",
        "Nơi tôi công tác là {0}. ",
        "Bản thân tôi hiện là viên chức thuộc {0}. ",
    ),
    phones=("Liên hệ {0}. ", "Số máy riêng {0} luôn mở. "),
    identities=("Căn cước số {0}. ", "Mã định danh cá nhân là {0}. "),
    mails=("Hộp thư {0} nhận góp ý. ", "Bản đầy đủ có thể xin qua {0}, xin cảm ơn. "),
    numbers=("Mã dự thi {0}. ", "Số báo danh của tôi là {0}. "),
    signatures=("\nNgười dự thi: {0}", "\nKý tên: {0}", "\nNgười trình bày: {0}"),
)


def answers(words: Words, count: int, seed: int) -> list[Answer]:
    """So many answers, every second one with one to three hints, all with traps."""
    random_ = random.Random(seed)
    return [_answer(words, random_, number, telling=number % 2 == 0) for number in range(count)]


def _answer(words: Words, random_: random.Random, number: int, *, telling: bool) -> Answer:
    sentences: list[Callable[[Answer], None]] = [
        *[_plain(random_.choice(words.plain)) for _ in range(random_.randint(3, 7))],
        *[_plain(random_.choice(words.traps)) for _ in range(random_.randint(1, 3))],
    ]
    last: list[Callable[[Answer], None]] = []
    if telling:
        kinds = ["name", "bare-name", "given", "unit", "phone", "identity", "mail", "number", "signature"]
        for offset in range(random_.randint(1, 3)):
            kind = kinds[(number // 2 + offset * 4) % len(kinds)]
            (last if kind == "signature" else sentences).append(_hint(words, random_, kind))
    random_.shuffle(sentences)
    answer = Answer()
    for put in [*sentences, *last]:
        put(answer)
    return answer


def _plain(sentence: str) -> Callable[[Answer], None]:
    return lambda answer: answer.add(sentence)


def _hint(words: Words, random_: random.Random, kind: str) -> Callable[[Answer], None]:
    digits = "".join(random_.choice("0123456789") for _ in range(12))
    name = words.name(random_)
    bare = strip_accents(name)
    phone = random_.choice("35789") + digits[:8]
    sentence, secret = {
        "name": (words.names, name),
        "bare-name": (words.names, random_.choice([bare, bare, name.upper()])),
        "given": (words.given_only, random_.choice(words.givens)),
        "unit": (words.own_units, random_.choice(words.units)),
        "phone": (
            words.phones,
            random_.choice(
                [
                    f"0{phone}",
                    f"0{phone[:3]} {phone[3:6]} {phone[6:]}",
                    f"+84 {phone}",
                    f"0{phone[:2]}.{phone[2:5]}.{phone[5:]}",
                ]
            ),
        ),
        "identity": (
            words.identities,
            random_.choice([f"0{digits[:11]}", f"0{digits[:2]} {digits[2:5]} {digits[5:8]} {digits[8:11]}"]),
        ),
        "mail": (
            words.mails,
            f"{bare.split()[-1].lower()}.{digits[:2]}@{random_.choice(['gmail.com', 'tinh.gov.vn'])}",
        ),
        "number": (words.numbers, random_.choice([f"A{digits[:3]}", digits[:4], f"HP-{digits[:3]}"])),
        "signature": (words.signatures, random_.choice([name, bare, name.upper()])),
    }[kind]
    chosen = random_.choice(sentence)
    return lambda answer: answer.add(chosen, kind, secret)
