"""Published tables in every form they come in."""

import sys

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.occupations.sheets import rows

COLUMNS = {"code": "Census Code", "title": None, "soc": "SOC Code"}
TEXT = '\ufeffCodes of 2002,,\n,,\n Title , census  code,SOC Code\n"Cooks, all",4020,35-2010\nCaf\u00e9 owners,0310\n'


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("a.csv", TEXT, "utf-8"),
        ("a.csv", TEXT[1:], "cp1252"),
        ("a.TSV", TEXT.replace('"Cooks, all"', "Cooks; all").replace(",", "\t").replace(";", ","), "utf-8"),
    ],
)
def test_a_head_is_found_below_text_and_a_column_left_of_another(tmp_path, name, text, encoding):
    path = tmp_path / name
    path.write_text(text, encoding=encoding)
    found = rows(path, COLUMNS)
    assert [row.line for row in found] == [4, 5]
    assert found[0].cells == {"code": "4020", "title": "Cooks, all", "soc": "35-2010"}
    assert found[1].cells == {"code": "0310", "title": "Caf\u00e9 owners", "soc": ""}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Code,Title\n1,2\n", r"a\.csv: none of its first 40 lines has the headings 'Census Code', 'SOC Code'"),
        # no column left of the first
        ("Census Code,SOC Code\n4020,35-2010\n", "none of its first 40 lines"),
        ("\n" * 41 + "Title,Census Code,SOC Code\n", "none of its first 40 lines"),
    ],
)
def test_a_table_without_such_a_head_is_told(tmp_path, text, told):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UserError, match=told):
        rows(tmp_path / "a.csv", COLUMNS)


def test_no_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"There is no file .*none\.csv"):
        rows(tmp_path / "none.csv", COLUMNS)


@pytest.mark.parametrize(("name", "package"), [("a.xls", "xlrd"), ("a.xlsx", "openpyxl")])
def test_a_package_that_excel_files_need_is_told(tmp_path, monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / name).write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") if package == "xlrd" else b"PK\x03\x04")
    with pytest.raises(UserError, match=rf"read with {package}: pip install 'reasoning-occ\[excel\]', or save .* CSV"):
        rows(tmp_path / name, COLUMNS)


def test_an_excel_file_is_read_from_the_sheet_that_has_the_table(tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="needs pip install 'reasoning-occ[excel]'")
    book = openpyxl.Workbook()
    book.active.append(["Notes"])
    sheet = book.create_sheet("Occ Codes")
    for line in (["Codes of 2002"], [], ["Title", "Census Code", "SOC Code"], ["Cooks", "4020", None]):
        sheet.append(line)
    book.save(tmp_path / "a.xlsx")
    (row,) = rows(tmp_path / "a.xlsx", COLUMNS)
    assert row.cells == {"code": "4020", "title": "Cooks", "soc": ""}
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 no sheet")
    with pytest.raises(UserError, match=r"b\.xlsx can't be read"):
        rows(tmp_path / "b.xlsx", COLUMNS)
