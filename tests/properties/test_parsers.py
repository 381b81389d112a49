"""Whatever a host sends, a parser answers with a reading or BadOutput, and nothing else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.discover import collectors
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, understand
from opsdash.core.problem import ProblemKind
from opsdash.core.reading import Output, Reading
from tests.case_files import cases, output_of

SNIPPETS = (
    *(b"", b"\n", b" ", b"-", b"-1", b"nan", b"1e999", b"9" * 400, b":", b"=", b"%", b"/"),
    *(b"\xff\xfe", b"\x1b]52;c;A\x07", b"\x00", b"\\040", b"== end\n", b"== ", b"cpu"),
)
RECORDED = [(case.plugin, output_of(case.content)) for case in cases("collectors")]
garbage = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(SNIPPETS)).map(b" ".join))


@st.composite
def mangled(draw: st.DrawFn, original: bytes) -> bytes:
    """A real answer with a piece of it cut out, and something else put in."""
    start = draw(st.integers(0, len(original)))
    end = draw(st.integers(start, min(len(original), start + 80)))
    return original[:start] + draw(st.one_of(st.just(b""), garbage)) + original[end:]


def parsed(collector: Collector, output: Output) -> Reading | None:
    """The reading, None for text that the parser does not know; any other error fails the test."""
    try:
        return collector.parse(output, "h", 1.0)
    except BadOutput:
        return None


@settings(max_examples=150)
@given(data=garbage, collector=st.sampled_from(list(collectors().values())))
def test_garbage_is_bad_output_or_a_reading(data: bytes, collector: Collector) -> None:
    output = Output(data, {read.path: data for read in collector.reads})
    parsed(collector, output)
    reading = understand(collector, output, "h", 1.0)
    if reading.problem:
        assert reading.problem.kind in {ProblemKind.BAD_OUTPUT, ProblemKind.UNSUPPORTED}
        assert not reading.samples
        assert not reading.rows


@settings(max_examples=400)
@given(data=st.data(), recorded=st.sampled_from(RECORDED))
def test_a_mangled_answer_is_bad_output_or_a_reading(
    data: st.DataObject, recorded: tuple[str, Output]
) -> None:
    name, output = recorded
    collector = collectors()[name]
    mangled_output = Output(
        data.draw(mangled(output.data)),
        {path: data.draw(mangled(content)) for path, content in output.files.items()},
    )
    whole, part = parsed(collector, output), parsed(collector, mangled_output)
    if collector.derive is None or whole is None or part is None:
        return
    for before, now in ((whole, part), (part, whole), (part, part)):
        rates = collector.derive(before, now, 2.0)
        assert all(value >= 0 for value in rates.values())
        assert all(value <= 1 for (metric, _), value in rates.items() if metric.endswith("_ratio"))
