"""Recorded output of logs: the source that it is of, as a query on such a host makes it."""

from __future__ import annotations

from typing import Any

from opsdash.collectors.log_containers import Container
from opsdash.collectors.log_files import Files
from opsdash.collectors.log_journal import Journal
from opsdash.collectors.log_kernel import Kernel
from opsdash.collectors.log_lines import LogSource
from opsdash.collectors.log_survey import Survey
from opsdash.collectors.log_syslogd import Logread
from opsdash.core.log_record import LogEntry, LogGap, LogQuery
from tests.case_files import Case

MARK = "m4rk"
HOST = "h"


def query_of(given: dict[str, Any]) -> LogQuery:
    """A query as a case writes it."""
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    return LogQuery(**fields)


def survey_of(content: dict[str, Any]) -> Survey:
    """As much of a survey as a source asks for."""
    return Survey(
        zone_s=content.get("zone_s", 0.0),
        groups=tuple(content.get("groups", ())),
        booted_s=content.get("booted_s"),
        picks_fields=True,
        greps=True,
    )


def source_of(case: Case) -> LogSource:
    """The source whose output a case holds."""
    content = dict(case.content)
    query, survey = query_of(content["query"]), survey_of(content)
    readable = [path for path, may in content.get("files", ()) if may]
    match case.plugin:
        case "journal":
            return Journal(HOST, query, survey, content["now_s"])
        case "files":
            paths = query.files or readable or ("/var/log/many.forms",)
            return Files(HOST, paths, query, survey, MARK)
        case "kernel":
            return Kernel(HOST, query, survey)
        case "container":
            return Container(HOST, "shop", query, survey)
    return Logread(HOST, query, survey)


def bytes_of(case: Case) -> bytes:
    """What the host put out; of a `raw` file only its lines are written down."""
    import base64

    if "output_base64" in case.content:
        return base64.b64decode(case.content["output_base64"])
    data = str(case.content["output"]).encode()
    return f"\x1e{MARK} from 1 7 0\n".encode() + data if case.content.get("raw") else data


def listed(entry: LogEntry, wanted: dict[str, Any]) -> dict[str, Any]:
    """As much of an entry as a case tells."""
    if isinstance(entry, LogGap):
        return {"gap": entry.why}
    return {key: getattr(entry, key) for key in wanted if key != "gap"}
