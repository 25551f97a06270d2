"""The table of a corpus: one line a file, with what came of it and what the readers said."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = [
        (report.nodeid.partition("[")[2].rstrip("]"), dict(report.user_properties)["table"], report.outcome)
        for reports in (terminalreporter.getreports("passed"), terminalreporter.getreports("failed"))
        for report in reports
        if report.when == "call" and any(name == "table" for name, _ in report.user_properties)
    ]
    if not rows:
        return
    width = max(len(name) for name, _, _ in rows)
    terminalreporter.write_line(f"\n{'file':{width}}  pages  outcome         time      judged")
    for name, (pages, outcome, spent), judged in sorted(rows):
        terminalreporter.write_line(f"{name:{width}}  {pages:5}  {outcome:14}  {spent:>8}  {judged}")
