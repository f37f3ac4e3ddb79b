"""Small files in the layout of those that the Census Bureau, the Bureau of Labor Statistics and O*NET publish."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

CENSUS = [
    ("", "Management occupations", "0010-0430", "11-0000"),
    ("", "Chief executives", "0010", "11-1011"),
    ("", "Marketing and sales managers", "0050", "11-2020"),
    ("", "Public relations managers", "0060", "11-2031"),
    ("", "Farm, ranch, and other agricultural managers", "0200", "11-9011"),
    ("", "Farmers and ranchers", "0210", "11-9012"),
    ("", "Computer scientists and systems analysts", "1000", "15-10XX"),
    ("", "Computer software engineers", "1020", "15-1030"),
    ("", "Miscellaneous mathematical science occupations", "1240", "15-209X"),
    ("", "Registered nurses", "3130", "29-1111"),
    ("", "Combined food preparation and serving workers, including fast food", "4050", "35-3021"),
    ("", "Cashiers", "4720", "41-2010"),
    ("", "Stock clerks and order fillers", "5620", "43-5081"),
    ("", "Military, rank not specified", "9830", "none"),
    ("", "Unemployed", "9920", "none"),
    ("", "Somebody forgotten", "9950", "99-9990"),
]
SOC = [
    ("11-1011", "Chief Executives", "11-1011", "Chief Executives"),
    ("11-2021", "Marketing Managers", "11-2021", "Marketing Managers"),
    ("11-2022", "Sales Managers", "11-2022", "Sales Managers"),
    ("11-2031", "Public Relations Managers", "11-2031", "Public Relations and Fundraising Managers"),
    ("11-9011", "Farm, Ranch, and Other Agricultural Managers", "11-9013*", "Farmers, Ranchers, and Others"),
    ("11-9012", "Farmers and Ranchers", "11-9013", "Farmers, Ranchers, and Others"),
    ("15-1011", "Computer and Information Scientists, Research", "15-1111", "Computer Research Scientists"),
    ("15-1031", "Computer Software Engineers, Applications", "15-1132", "Software Developers, Applications"),
    ("15-1032", "Computer Software Engineers, Systems", "15-1133", "Software Developers, Systems"),
    ("15-1051", "Computer Systems Analysts", "15-1121", "Computer Systems Analysts"),
    ("15-2091", "Mathematical Technicians", "15-2091", "Mathematical Technicians"),
    ("15-2099", "Mathematical Science Occupations, All Other", "15-2099", "Mathematical Occupations, All Other"),
    ("29-1111", "Registered Nurses", "29-1141", "Registered Nurses"),
    ("29-1111", "Registered Nurses", "29-1171", "Nurse Practitioners"),
    ("35-3021", "Combined Food Preparation and Serving Workers", "35-3021", "Combined Food Preparation"),
    ("41-2011", "Cashiers", "41-2011", "Cashiers"),
    ("41-2012", "Gaming Change Persons and Booth Cashiers", "41-2012", "Gaming Change Persons"),
    ("43-5081", "Stock Clerks and Order Fillers", "43-5081", "Stock Clerks and Order Fillers"),
]
ONET = [
    ("11-1011.00", "Chief Executives", "11-1011.00", "Chief Executives"),
    ("11-1011.03", "Chief Sustainability Officers", "11-1011.03", "Chief Sustainability Officers"),
    ("11-2021.00", "Marketing Managers", "11-2021.00", "Marketing Managers"),
    ("11-2022.00", "Sales Managers", "11-2022.00", "Sales Managers"),
    ("11-2031.00", "Public Relations and Fundraising Managers", "11-2032.00", "Public Relations Managers"),
    ("11-2031.00", "Public Relations and Fundraising Managers", "11-2033.00", "Fundraising Managers"),
    ("11-9013.00", "Farmers, Ranchers, and Others", "11-9013.00", "Farmers, Ranchers, and Other Managers"),
    ("15-1111.00", "Computer Research Scientists", "15-1221.00", "Computer and Information Research Scientists"),
    ("15-1121.00", "Computer Systems Analysts", "15-1211.00", "Computer Systems Analysts"),
    ("15-1132.00", "Software Developers, Applications", "15-1252.00", "Software Developers"),
    ("15-1132.00", "Software Developers, Applications", "15-1253.00", "Software Quality Assurance Analysts"),
    ("15-1133.00", "Software Developers, Systems", "15-1252.00", "Software Developers"),
    ("15-2091.00", "Mathematical Technicians", "15-2099.01", "Bioinformatics Technicians"),
    ("15-2099.00", "Mathematical Occupations, All Other", "15-2099.00", "Mathematical Occupations, All Other"),
    ("29-1141.00", "Registered Nurses", "29-1141.00", "Registered Nurses"),
    ("29-1171.00", "Nurse Practitioners", "29-1171.00", "Nurse Practitioners"),
    ("35-3021.00", "Combined Food Preparation", "35-3023.00", "Fast Food and Counter Workers"),
    ("41-2011.00", "Cashiers", "41-2011.00", "Cashiers"),
    ("41-2012.00", "Gaming Change Persons", "41-2012.00", "Gambling Change Persons"),
    ("43-5081.01", "Stock Clerks, Sales Floor", "53-7065.00", "Stockers and Order Fillers"),
    ("43-5081.04", "Order Fillers", "53-7065.00", "Stockers and Order Fillers"),
]
CENSUS_HEAD = ("", "Occupation 2002 Description", "2002 Census Code", "2002 SOC Code")
SOC_HEAD = ("2000 SOC code", "2000 SOC title", "2010 SOC code", "2010 SOC title")
ONET_HEAD = ("O*NET-SOC 2010 Code", "O*NET-SOC 2010 Title", "O*NET-SOC 2019 Code", "O*NET-SOC 2019 Title")
SOC_NOTES = [("Crosswalk from SOC 2000 to SOC 2010",), (), SOC_HEAD, ()]
LAST_LINE = ("* Only a part of 11-9011 went to this code.",)


def save(path: Path, lines: Iterable[Sequence[str]]) -> Path:
    """Write a CSV file."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    return path


def official(folder: Path) -> list[str]:
    """Write the three files and give the words of the command that name them."""
    census = save(folder / "census.csv", [("Occupation codes of 2002",), (), CENSUS_HEAD, *CENSUS])
    soc = save(folder / "soc.csv", [*SOC_NOTES, *SOC, LAST_LINE])
    onet = save(folder / "2010_to_2019_Crosswalk.csv", [ONET_HEAD, *ONET])
    return ["--census", str(census), "--soc", str(soc), "--onet", str(onet)]
