# What is said: the headline, and the report that holds everything it shows.
#
# comparison/headline.txt  report.html


rule write_headline:
    """Write the headline figures and the answer for a terminal."""
    input:
        comparison=rules.compare_arms.output.comparison,
        split_audit=rules.audit_split.output.split_audit,
    output:
        headline="results/<run>/comparison/headline.txt",
    log:
        "results/<run>/logs/write_headline/write_headline.log",
    benchmark:
        "results/<run>/benchmarks/write_headline/write_headline.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("write_headline.py"),
        options=pick(config["dataset"], "source", phantom=phantom_truth()),
        configs=untracked(config_files()),
    script:
        "../scripts/write_headline.py"


rule write_report:
    """Write the report: one file that holds everything it shows."""
    input:
        unpack(by_mask),
        **({"matches": rules.plot_matches.output.figure} if VERIFIED else {}),
        template=local(own("workflow/report/template.html")),
        audit=rules.audit_images.output.audit,
        split_audit=rules.audit_split.output.split_audit,
        comparison=rules.compare_arms.output.comparison,
        outcome_table=rules.compare_arms.output.trainings,
        headline=rules.write_headline.output.headline,
        segmentation_scores=expand(rules.score_masks.output.scores, fold=UNET_FOLDS),
        thresholds=expand(rules.tune_threshold.output.threshold, fold=UNET_FOLDS),
        segmenters=expand(SEGMENTER.training, fold=UNET_FOLDS),
        class_scores=per_run(rules.score_classes.output.scores),
        classifiers=per_run(rules.train_classifier.output.training),
        flow=rules.plot_flow.output.figure,
        characteristics=rules.plot_characteristics.output.figure,
        samples=rules.plot_samples.output.figure,
        segmentation=expand(rules.plot_segmentation.output.figure, fold=UNET_FOLDS),
        cases=expand(rules.plot_cases.output.figure, fold=UNET_FOLDS[:1]),
        arms=rules.plot_arms.output.figure,
        trainings=rules.plot_classification.output.trainings,
        outcomes=rules.plot_classification.output.outcomes,
        verdict=rules.plot_comparison.output.verdict,
        scores=rules.plot_comparison.output.scores,
        differences=rules.plot_comparison.output.differences,
    output:
        report=report(
            "results/<run>/report.html",
            caption="../report/report.rst",
            category="Report",
        ),
    log:
        "results/<run>/logs/write_report/write_report.log",
    benchmark:
        "results/<run>/benchmarks/write_report/write_report.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("write_report.py"),
        options=pick(
            config["report"],
            "title",
            folds=FOLDS,
            unet_folds=UNET_FOLDS,
            keys=per_run_keys(),
            protocol=config["split"]["protocol"],
            source=config["dataset"]["source"],
            phantom=phantom_truth(),
            classes=CLASSES,
        ),
        benchmarks=untracked(f"{RESULTS}/benchmarks"),
        config=untracked(f"{RESULTS}/config.yaml"),
        configs=untracked(config_files()),
    script:
        "../scripts/write_report.py"


rule comparison:
    """Stop after the comparison, before the report."""
    input:
        rules.compare_arms.output,
        rules.write_headline.output.headline,
    localrule: True
