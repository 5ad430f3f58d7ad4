"""What is wrong with a row or a file, as the terminal says it."""

from __future__ import annotations

from examsite.domain.table_problems import TableProblem

_FAULTS = {
    "row_changed": "bị sửa ngoài phần mềm (changed past the product)",
    "row_unreadable": (
        "chứa giá trị không đọc được nên kỳ thi này chưa đối chiếu hết; sửa dòng này rồi kiểm tra lại "
        "(holds what cannot be read, so not all was compared; mend the row and check again)"
    ),
    "check_failed": "một phép đối chiếu không chạy hết: dữ liệu bất thường (a comparison met unforeseen data)",
    "value_differs": "khác với sổ ghi (differs from the log)",
    "record_missing": "không có mục sổ ghi tương ứng (names a record that is not there)",
    "erased_unrecorded": "nội dung bị hủy mà không có mục xóa nào ghi (destroyed, and no erasure was recorded)",
    "not_erased": "đã ghi là xóa mà vẫn còn dữ liệu (recorded as erased, and not empty)",
    "file_differs": "tệp đã nộp bị mất hoặc bị sửa (the uploaded file is gone or was changed)",
    "reference_lost": (
        "chỉ tới một dòng không còn; bản lưu có dòng này không khôi phục được: khôi phục bản trước đó "
        "(names a row that is not there; no backup with it can be restored: put an older one back)"
    ),
    "row_missing": "dòng đã mất, sổ ghi còn (the row is gone, its record stands)",
}


def fault_words(problem: TableProblem) -> str:
    """Where it is, what it is, and which record says otherwise."""
    place = f"bảng (table) {problem.table}"
    if problem.row is not None:
        place += f", dòng (row) {problem.row}"
    if problem.column:
        place += f", cột (column) {problem.column}"
    against = "" if problem.seq is None else f", mục (record) {problem.seq} {problem.event}".rstrip()
    return f"{place}: {_FAULTS[problem.code]}{against}"
