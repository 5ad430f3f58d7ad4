"""Words from which names of people are told from names of places, laws and the great dead. Data, no rules.

Source of the lists: our choice from common knowledge: the frequent surnames, usual middle and given names, the
provinces and cities, and the persons after whom streets, schools and movements are called.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Surnames that begin hardly any other word of an office.
PLAIN_SURNAMES: Final = _words(
    "nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ ngô dương lý đinh trịnh trương phùng quách tạ triệu "
    "nghiêm khuất bạch ngụy hứa tăng bành âu lã cù đậu mẫn thiều khúc viên vương chử ninh khổng giáp cung"
)
#: Surnames that are also places or ordinary words; they want a longer name or a title before it.
OTHER_SURNAMES: Final = _words(
    "hồ hà cao thái lâm châu kim chu từ tô đào la mai tống lương lưu kiều mạc thạch phí thân ông lại vi lục "
    "đoàn đàm doãn giang tôn lạc tiêu văn diệp nông quan đồng bế ma lò sầm hầu đường đới trang yên an sơn thi"
)
MIDDLE_NAMES: Final = _words(
    "văn thị hữu đức ngọc minh quang quốc xuân thu hồng thanh thành công đình duy gia hoài hải bảo bích kim mỹ "
    "như phương thùy thúy tuấn trọng viết việt vĩnh anh bá cẩm chí đăng diệu hạnh hoàng hùng huy khánh lan mai "
    "mạnh nam nhật phúc sỹ sĩ tất thế thiên thuỳ tiến trung trường vân xuân yến khắc danh doãn đại hà tú tường "
    "nhân nguyên thục tố tuyết ánh ái"
)
#: Given names that stand alone behind a surname or without one.
GIVEN_NAMES: Final = _words(
    "an anh ánh ân bách bảo bích bình cảnh châu chi chiến chung cường cúc diễm diệp diệu dũng dung duyên dương "
    "duy đạt điệp định đoan đông đức giang hà hải hân hạnh hằng hào hậu hiền hiếu hiệp hoa hòa hoan hoàng hồng "
    "huệ hùng hưng hương hường huy huyền khải khang khánh khoa khôi khuê kiên kiệt lam lan lâm lệ liên linh "
    "loan lộc long lợi luân lực ly mai mẫn mạnh minh my mỹ nam nga ngân nghĩa ngọc nguyên nguyệt nhàn nhân nhi "
    "nhung như oanh phát phi phong phú phúc phước phương phượng quân quang quế quốc quyên quyết quỳnh sang sơn "
    "tài tâm tân thái thắng thanh thành thảo thi thịnh thoa thọ thơ thu thuận thục thủy thúy thư thương tiên "
    "tiến tình tín toàn trâm trang trí trinh trọng trung trúc trường tú tuấn tùng tuyến tuyết tường uyên vân "
    "việt vinh vũ vương vy xuân yên yến ý"
)
#: Phrases, without accents and in small letters, that look like a name of a person and tell nobody.
FAMOUS: Final = (
    *("ho chi minh", "nguyen ai quoc", "nguyen tat thanh", "nguyen sinh cung", "vo nguyen giap", "pham van dong"),
    *("ton duc thang", "truong chinh", "le duan", "le hong phong", "tran phu", "nguyen van cu", "ha huy tap"),
    *("nguyen van linh", "do muoi", "le kha phieu", "nong duc manh", "nguyen phu trong", "to lam", "vo van kiet"),
    *("phan van khai", "nguyen xuan phuc", "pham minh chinh", "tran dai quang", "luong cuong", "tran thanh man"),
    *("tran hung dao", "tran quoc tuan", "tran nhan tong", "tran quoc toan", "ly thuong kiet", "ly thai to"),
    *("ly cong uan", "le loi", "le thanh tong", "le lai", "le quy don", "le van huu", "nguyen trai", "nguyen hue"),
    *("nguyen du", "nguyen binh khiem", "nguyen dinh chieu", "nguyen cong tru", "nguyen thi minh khai"),
    *("nguyen van troi", "nguyen viet xuan", "nguyen luong bang", "nguyen chi thanh", "nguyen thi dinh"),
    *("nguyen thai hoc", "nguyen tri phuong", "nguyen truong to", "nguyen dinh thi", "nguyen minh chau"),
    *("than nhan trung", "chu van an", "cao ba quat", "cao thang", "phan boi chau", "phan chau trinh"),
    *("phan dinh phung", "phan chu trinh", "hoang dieu", "hoang van thu", "hoang hoa tham", "hoang quoc viet"),
    *("ba trieu", "ba trung", "hai ba trung", "dinh bo linh", "dinh tien hoang", "ngo quyen", "ngo gia tu"),
    *("ngo si lien", "mac dinh chi", "mac dang dung", "to hien thanh", "to huu", "to hieu", "ton that tung"),
    *("vo thi sau", "vo chi cong", "bui thi xuan", "bui xuan phai", "dang thuy tram", "dang thai mai"),
    *("dao duy tu", "luong the vinh", "luong dinh cua", "luong van tuy", "la van cau", "phan dinh giot"),
    *("to vinh dien", "be van dan", "ly tu trong", "kim dong", "vo van tan", "vo van ngan", "le van luong"),
    *("le trong tan", "van tien dung", "hoang van thai", "huynh thuc khang", "huynh tan phat", "pham hung"),
    *("pham ngu lao", "pham ngoc thach", "pham hong thai", "duong dinh nghe", "duong quang ham", "an duong vuong"),
    *("hung vuong", "quang trung", "doan thi diem", "ho xuan huong", "xuan dieu", "nam cao", "kim lan"),
    *("kim ngoc", "trinh cong son", "van cao", "truong dinh", "truong dinh hoi", "truong sa", "hoang sa"),
)
PLACES: Final = (
    *("ha noi", "hai phong", "da nang", "can tho", "ho guom", "ho tay", "ha giang", "ha nam", "ha tinh", "ha long"),
    *("ha dong", "ha tien", "cao bang", "cao lanh", "thai binh", "thai nguyen", "thai lan", "lam dong", "lam ha"),
    *("chau a", "chau au", "chau phi", "chau doc", "chau thanh", "kim boi", "kim son", "kim bang", "kim thanh"),
    *("tu son", "tu liem", "to lich", "lang son", "luong son", "dong nai", "dong thap", "dong hoi", "dong anh"),
    *("dong da", "dong trieu", "dong bang", "dong hy", "ninh binh", "ninh thuan", "ninh kieu", "ninh giang"),
    *("an giang", "an duong", "an lao", "an hai", "an khe", "yen bai", "yen dinh", "yen phong", "yen khanh"),
    *("son la", "son tay", "son tra", "son duong", "tra vinh", "phu tho", "phu yen", "phu quoc", "binh duong"),
    *("binh dinh", "binh phuoc", "binh thuan", "vinh phuc", "vinh long", "vinh bao", "tien lang", "thuy nguyen"),
    *("kien an", "kien thuy", "le chan", "ngo quyen", "hong bang", "duong kinh", "do son", "cat hai", "bach long"),
    *("bach dang", "quang ninh", "quang nam", "quang ngai", "quang binh", "quang tri", "hoa binh", "hoang mai"),
    *("hoang sa", "truong sa", "hoang lien", "ly son", "ly nhan", "mai chau", "mai son", "chu lai", "chu se"),
    *("thach that", "thach ha", "tan binh", "van don", "van hai", "van ninh", "van giang", "van lam", "lai chau"),
    *("lao cai", "dien bien", "bac giang", "bac ninh", "bac kan", "bac lieu", "ben tre", "long an", "tay ninh"),
    *("tay nguyen", "tien giang", "hau giang", "soc trang", "ca mau", "dak lak", "dak nong", "gia lai", "kon tum"),
    *("khanh hoa", "nha trang", "thanh hoa", "nghe an", "thua thien", "hue", "nam dinh", "hai duong", "hung yen"),
    *("tuyen quang", "ba ria", "vung tau", "ba vi", "ba dinh", "co to", "con dao", "le thuy", "dang hai"),
    *("trang an", "trang bom", "vu thu", "vu ban", "vu quang", "phan thiet", "phan rang", "tran de", "tran van thoi"),
    *("dinh hoa", "dinh quan", "duong minh chau", "trieu phong", "trieu son", "bui chu", "dam ha", "dam doi"),
)
#: Beginnings of ordinary phrases whose first word is a surname written large.
PHRASES: Final = (
    *("doan thanh nien", "doan vien", "doan kiem tra", "doan cong tac", "doan dai bieu", "doan thanh tra"),
    *("van phong", "van ban", "van hoa", "van kien", "van thu", "cong an", "quan doi", "quan ly", "quan khu"),
    *("duong loi", "duong day", "duong sat", "lam nghiep", "luong thuc", "luong toi", "luu tru", "phi moi"),
    *("thai do", "ly luan", "ly lich", "ho so", "dao tao", "cao dang", "cao hoc", "kim loai", "kim ngach"),
    *("dong chi", "dong bao", "trang thiet", "trang thong tin", "an ninh", "an sinh", "an toan", "tu phap"),
    *("vi tri", "thi dua", "thi tuyen", "thi hanh", "yen dan", "dang cong san", "dang bo", "dang uy", "dang vien"),
    *("vo hiep", "la bai", "thanh tra", "truong phong", "truong ban", "truong dai hoc", "truong chinh tri"),
    *("vien chuc", "vien kiem sat", "vien nghien cuu", "cung cap", "cung ung", "tang cuong", "tang truong"),
    *("bach khoa", "vu to chuc", "vu phap che", "vu cong chuc", "vu dia phuong", "vu chinh quyen", "to cong tac"),
    *("to chuc", "to quoc", "to de an", "to trinh", "giang vien", "dong van", "ma so", "ma dinh danh", "au lac"),
)
#: Words before a name that say it is a street, a school, a book or a leader of the country.
PUBLIC_BEFORE: Final = (
    *(
        "duong",
        "pho",
        "truong",
        "quang truong",
        "giai thuong",
        "cong vien",
        "cau",
        "benh vien",
        "danh nhan",
        "danh tuong",
    ),
    *("anh hung", "nha van", "nha tho", "nha bao", "giao su", "gs", "vua", "tuong", "chu tich nuoc", "tong bi thu"),
    *("thu tuong", "pho thu tuong", "bo truong", "thu truong bo", "tac gia", "bac", "lanh tu", "nha cach mang"),
    *("tu tuong", "quan", "huyen", "xa", "phuong", "tinh", "thanh pho", "thi xa", "thi tran", "thon", "ap", "khu pho"),
    *("tp", "ben", "hoc vien", "dai hoc", "thpt", "thcs", "tieu hoc", "mam non", "chuong trinh", "phong trao"),
    *("chien dich", "liet si", "liet sy", "tong thong", "chu tich quoc hoi", "nha su hoc", "danh si", "trieu dai"),
    *(
        "chua",
        "den",
        "dinh",
        "song",
        "nui",
        "dao",
        "giao su",
        "nguyen soai",
        "dai tuong",
        "thuong tuong",
        "trung tuong",
    ),
    *("sach", "cuon", "tac pham", "ngoi truong", "doi", "khu di tich", "khu luu niem", "bao tang", "nha tho lon"),
)
#: What a title is followed by when it is an office and not a person.
OFFICES: Final = _words(
    "bi truong pho chu giam tong thu chanh cuc bo uy doan dang vien ban hoi so phong can lanh cong nhan nguoi "
    "dung chien da dong vi trong khi neu quan thanh nha ke cac hai ba bay rat va la"
)
