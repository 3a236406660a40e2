"""Lines on what an observer could say, and on the passes that would narrow it most."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from gnomon.cli.output_json import inference_document
from gnomon.cli.output_passes import observer_lines
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import FurtherPasses, Seasons
from gnomon.track.tracking import TrackResult
from gnomon.workflow.infer import Inference
from run_folders import ROWS, further, season


def seasons_of(**changed: object) -> pd.DataFrame:
    values = {"visits_p05": 17.0, "visits_p50": 22.0, "visits_p95": 35.0, "ideal_half_width": 6.24}
    return table(Seasons, [season() | values | changed])


def text(seasons: pd.DataFrame, *rows: dict[str, object]) -> str:
    return " ".join(" ".join(observer_lines(seasons, table(FurtherPasses, list(rows)))).split())


def test_a_port_has_its_bound_its_result_and_what_narrows_most() -> None:
    rows = [
        further("a second Sentinel-1 satellite", 5.5, visits_half_width_now=6.24),
        further("daily 3 m images", 3.96, visits_half_width_now=6.24),
        further("none of its business", 0.1, port="elsewhere"),
    ]
    assert text(seasons_of(), *rows) == (
        "rajin: an observer who knew all rates could say ±6.2 visits with these images (this "
        "result: ±9.0). Most would be gained by daily 3 m images: ±4.0."
    )


def test_passes_that_hardly_help_are_not_recommended() -> None:
    rows = [further("a second Sentinel-1 satellite", 6.1, visits_half_width_now=6.24)]
    assert "Sentinel-1" not in text(seasons_of(), *rows)
    assert text(seasons_of(), *rows).endswith("None of the further passes listed would narrow it.")
    assert text(seasons_of()).endswith("(this result: ±9.0).")


def test_a_port_of_which_nothing_is_known_has_no_line() -> None:
    unknown = dict.fromkeys(("visits_p05", "visits_p50", "visits_p95", "ideal_half_width"))
    assert text(seasons_of(**unknown)) == ""


@given(st.floats(0, 5000), st.floats(0, 5000), st.text("abc -", min_size=1, max_size=60))
def test_lines_fit_into_80_columns(ideal: float, half: float, port: str) -> None:
    seasons = seasons_of(
        port=port, ideal_half_width=ideal, visits_p05=0.0, visits_p50=half, visits_p95=2 * half
    )
    rows = table(FurtherPasses, [further("a commercial radar image every second day", 0.0)])
    lines = observer_lines(seasons, rows.assign(port=port))
    assert lines
    assert all(len(line) < 80 for line in lines)


def test_the_document_has_the_rows_and_the_lines() -> None:
    class Reviewed:
        held = lost = ()

    model, rows = ROWS["further_passes"]
    passes = table(model, rows)
    nothing = pd.DataFrame()
    tracked = TrackResult(nothing, seasons_of(), nothing, passes, (), Reviewed())  # type: ignore[arg-type]
    ledger = table(*ROWS["ledger"])
    found = inference_document(Inference(tracked, ledger, None, ()))  # type: ignore[arg-type]
    assert [row["passes"] for row in found["further_passes"]] == list(passes.passes)
    assert [row["free"] for row in found["further_passes"]] == [False, True]
    assert any("an observer who knew all rates" in line for line in found["summary"])
