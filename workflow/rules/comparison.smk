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


rule comparison:
    """Stop after the comparison, before the report."""
    input:
        rules.compare_arms.output,
