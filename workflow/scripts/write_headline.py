"""Write the headline of a run: its figures and its answer, for a terminal."""

from lesionlab.files import atomic_path, read_json
from lesionlab.report.headline import write_headline
from lesionlab.stage import Options, Paths, run_stage
from lesionlab.words.answers import answer_question
from lesionlab.words.stamps import list_stamps
from lesionlab.words.truths import tell_truth


def main(paths: Paths, *, options: Options) -> None:
    comparison = read_json(paths.comparison)
    text = write_headline(
        comparison,
        answer=answer_question(comparison, configs=list(map(str, paths.configs))),
        truth=tell_truth(comparison, **options["phantom"])
        if options["phantom"]
        else [],
        stamps=list_stamps(
            source=options["source"],
            split_audit=read_json(paths.split_audit),
            positive=comparison["positive_class"],
        ),
    )
    with atomic_path(paths.headline) as draft:
        draft.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run_stage(main)
