"""People of an input file, good and bad ones."""

import json

BAD = {
    4: "{oops",
    9: '{"id": "9", "jobs": [{"occupation": "Qqqqqq", "start": "2000"}]}',
    11: '{"id": "p3", "jobs": []}',
}


def people(path, n=20):
    jobs = [{"occupation": "Sales, trade", "start": "2001"}, {"occupation": "Service, trade", "start": "2004"}]
    lines = [BAD.get(i) or json.dumps({"id": f"p{i}", "jobs": jobs[: 1 + i % 2]}) for i in range(n)]
    path.write_text("\n".join([*lines, lines[2]]) + "\n")
    return path
