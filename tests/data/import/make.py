"""Writes the import fixtures: the same people in the encodings and dialects that dealers' systems write. Run it here."""
import csv
import io
from pathlib import Path

HERE = Path(__file__).parent
CHINESE = [
    ["客户编号", "姓名", "客户类型", "手机号码", "联系电话", "邮箱", "语言", "是否同意营销", "同意时间", "同意来源", "星座"],
    ["C-1", "王芳", "个人", "139 0000 1234", "020-8888 1234", "wang@example.com", "中文", "是", "2026/2/3 9:30", "门店签字", "白羊"],
    ["C-2", "Anna Weber", "个人", "+86 138-0000-5678", "", "anna@example.com", "英文", "否", "", "", "-"],
    ["C-3", "广州示例物流有限公司", "公司", "13700001111/13700002222", "NULL", "", "", "", "", "", ""],
]
JAPANESE = [
    ["顧客番号", "氏名", "携帯電話", "電話番号", "メールアドレス", "言語", "販促同意", "同意日"],
    ["C-1", "佐藤 健二", "090-1234-5678", "03-5555-1234", "sato@example.com", "日本語", "はい", "令和8年2月3日"],
    ["C-2", "鈴木 花子", "０８０－１２３４－５６７８", "", "", "", "いいえ", ""],
]


def text(rows, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


for name, rows, delimiter, encoding in [
    ("customers-utf8-bom.csv", CHINESE, ",", "utf-8-sig"),
    ("customers-gb18030.csv", [["客户资料导出", "2026/3/1"]] + CHINESE, "\t", "gb18030"),
    ("customers-utf16.csv", CHINESE, ";", "utf-16"),
    ("customers-shift_jis.csv", JAPANESE, ",", "cp932"),
]:
    (HERE / name).write_bytes(text(rows, delimiter).encode(encoding))
