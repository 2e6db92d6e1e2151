# All predictions in one table, and the paired comparison of the arms.
#
# comparison/


rule collect_predictions:
    """Gather the predictions of all arms, folds and seeds."""
    input:
        predictions=per_run(rules.predict_classes.output.predictions),
    output:
        table="results/<run>/comparison/predictions.csv",
    log:
        "results/<run>/logs/collect_predictions/collect_predictions.log",
    benchmark:
        "results/<run>/benchmarks/collect_predictions/collect_predictions.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("collect_predictions.py"),
        options=pick({}, keys=compared_keys()),
    script:
        "../scripts/collect_predictions.py"


rule compare_arms:
    """Compare the arms on the test photographs that they share."""
    input:
        predictions=rules.collect_predictions.output.table,
    output:
        comparison="results/<run>/comparison/comparison.json",
        pairs=report(
            "results/<run>/comparison/pairs.csv",
            caption="../report/pairs.rst",
            category="Comparison",
        ),
        roc="results/<run>/comparison/roc.csv",
        trainings="results/<run>/comparison/trainings.csv",
    log:
        "results/<run>/logs/compare_arms/compare_arms.log",
    benchmark:
        "results/<run>/benchmarks/compare_arms/compare_arms.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        code=code("compare_arms.py"),
        options=pick(
            config["comparison"],
            *config["comparison"],
            arms=compared_arms(),
            **outcome(),
        ),
    script:
        "../scripts/compare_arms.py"


rule score_by_mask:
    """Score the arms by how good the predicted mask of a photograph is."""
    input:
        predictions=rules.collect_predictions.output.table,
        masks=expand(rules.score_masks.output.shown, fold=FOLDS),
    output:
        table=report(
            "results/<run>/comparison/by_mask.csv",
            caption="../report/by_mask.rst",
            category="Comparison",
        ),
    log:
        "results/<run>/logs/score_by_mask/score_by_mask.log",
    benchmark:
        "results/<run>/benchmarks/score_by_mask/score_by_mask.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("score_by_mask.py"),
        options=pick({}, arms=CUT_ARMS, folds=FOLDS, **outcome()),
    script:
        "../scripts/score_by_mask.py"
