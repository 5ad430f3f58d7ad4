"""The rules of the competition, readable by a lawyer from top to bottom. No I/O, no clock, no translation.

Glossary (Vietnamese term = English noun in the code):

    kỳ thi tuyển = competition      chức danh = post            hồ sơ = dossier
    người dự tuyển = candidate      lượt dự tuyển = candidacy   số báo danh = candidate number
    mã công khai = public code      đề thi = paper              ca thi = sitting
    lượt làm bài = attempt          bài thi mang số phách = script
    số phách = script code          bảng phách = code map       đề án = proposal
    bảo vệ đề án = defence          chấm = mark                 tiêu chí = criterion
    hội đồng thi tuyển = council    ban chấm đề án = panel      phúc khảo = appeal
    bộ quy tắc = rule set           sổ ghi = record log         bản ghi = record
    bốc thăm = draw                 biên nhận = receipt         cấp có thẩm quyền = authority
"""
