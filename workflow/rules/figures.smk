# Figures, for the report and for a closer look.
#
# figures/


rule plot_arms:
    """Draw what each arm shows of a few photographs of the first fold."""
    input:
        images=rules.group_lesions.output.images,
        split=rules.split_dataset.output.split,
        manifests=[
            expand(
                rules.render_arm.output.manifest,
                scope=scope_of(arm, FOLDS[0]),
                arm=arm,
            )
            for arm in RENDERED
        ],
    output:
        figure=report(
            "results/<run>/figures/arms.png",
            caption="../report/arms.rst",
            category="Classification",
        ),
    log:
        "results/<run>/logs/plot_arms/plot_arms.log",
    benchmark:
        "results/<run>/benchmarks/plot_arms/plot_arms.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("plot_arms.py"),
        options=pick(
            {},
            arms=ARMS,
            rendered=RENDERED,
            classes=list(CLASSES),
            fold=FOLDS[0],
            seed=config["split"]["seed"],
        ),
        root=untracked(DATA_ROOT),
    script:
        "../scripts/plot_arms.py"


rule plot_segmentation:
    """Draw the training, the threshold and the scores of the U-Net."""
    input:
        history=SEGMENTER.history,
        training=SEGMENTER.training,
        curve=rules.tune_threshold.output.curve,
        threshold=rules.tune_threshold.output.threshold,
        scores=rules.score_masks.output.table,
    output:
        figure=report(
            "results/<run>/figures/{fold}/segmentation.svg",
            caption="../report/segmentation.rst",
            category="Segmentation",
        ),
    log:
        "results/<run>/logs/plot_segmentation/{fold}.log",
    benchmark:
        "results/<run>/benchmarks/plot_segmentation/{fold}.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("plot_segmentation.py"),
        options=pick({}),
    script:
        "../scripts/plot_segmentation.py"


rule plot_cases:
    """Draw case studies at fixed quantiles of the test Jaccard."""
    input:
        scores=rules.score_masks.output.table,
        images=rules.group_lesions.output.images,
        masks=rules.segment_images.output.manifest,
    output:
        figure=report(
            "results/<run>/figures/{fold}/cases.png",
            caption="../report/cases.rst",
            category="Segmentation",
        ),
    log:
        "results/<run>/logs/plot_cases/{fold}.log",
    benchmark:
        "results/<run>/benchmarks/plot_cases/{fold}.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("plot_cases.py"),
        options=pick(config["report"], "cases"),
        root=untracked(DATA_ROOT),
    script:
        "../scripts/plot_cases.py"


rule plot_classification:
    """Draw the trainings, confusion matrices and ROC curves of all arms."""
    input:
        histories=per_run(rules.train_classifier.output.history),
        comparison=rules.compare_arms.output.comparison,
        roc=rules.compare_arms.output.roc,
    output:
        trainings=report(
            "results/<run>/figures/trainings.svg",
            caption="../report/trainings.rst",
            category="Classification",
        ),
        outcomes=report(
            "results/<run>/figures/outcomes.svg",
            caption="../report/outcomes.rst",
            category="Classification",
        ),
    log:
        "results/<run>/logs/plot_classification/plot_classification.log",
    benchmark:
        "results/<run>/benchmarks/plot_classification/plot_classification.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("plot_classification.py"),
        options=pick({}, arms=[arm for arm, _, _ in compared_keys()]),
    script:
        "../scripts/plot_classification.py"


rule plot_comparison:
    """Draw the verdict, the arms with the ladder, and the differences by metric."""
    input:
        comparison=rules.compare_arms.output.comparison,
        trainings=rules.compare_arms.output.trainings,
    output:
        verdict=report(
            "results/<run>/figures/verdict.svg",
            caption="../report/verdict.rst",
            category="Comparison",
        ),
        scores=report(
            "results/<run>/figures/scores.svg",
            caption="../report/scores.rst",
            category="Comparison",
        ),
        differences=report(
            "results/<run>/figures/differences.svg",
            caption="../report/differences.rst",
            category="Comparison",
        ),
    log:
        "results/<run>/logs/plot_comparison/plot_comparison.log",
    benchmark:
        "results/<run>/benchmarks/plot_comparison/plot_comparison.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("plot_comparison.py"),
        options=pick({}),
    script:
        "../scripts/plot_comparison.py"
