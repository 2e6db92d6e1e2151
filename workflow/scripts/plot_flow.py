"""Draw the flow of photographs from the tables to the sets of both networks."""

from lesionlab.cohort.flow import describe_flow, draw_flow
from lesionlab.figures.style import save_figure
from lesionlab.files import read_json
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    audits = read_json(paths.audit), read_json(paths.split_audit)
    save_figure(draw_flow(describe_flow(*audits, fold=options["fold"])), paths.figure)


if __name__ == "__main__":
    run_stage(main)
