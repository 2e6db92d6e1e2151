# Probability of lesion to threshold to masks, whichever network predicted it.
#
# {fold}/segmentation/


rule tune_threshold:
    """Choose the threshold of the highest mean Jaccard on validation."""
    input:
        probabilities=LESION_MAPS.probabilities,
        ids=LESION_MAPS.ids,
        images=rules.group_lesions.output.images,
        split=rules.split_dataset.output.split,
    output:
        threshold="results/<run>/{fold}/segmentation/threshold.json",
        curve="results/<run>/{fold}/segmentation/threshold.csv",
    log:
        "results/<run>/logs/tune_threshold/{fold}.log",
    benchmark:
        "results/<run>/benchmarks/tune_threshold/{fold}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        code=code("tune_threshold.py"),
        options=lambda wildcards: pick({}, fold=wildcards.fold),
        root=untracked(DATA_ROOT),
    script:
        "../scripts/tune_threshold.py"


rule score_masks:
    """Score the predicted masks of the test set."""
    input:
        probabilities=LESION_MAPS.probabilities,
        ids=LESION_MAPS.ids,
        masks=rules.pack_segmentation.output.masks,
        threshold=rules.tune_threshold.output.threshold,
        images=rules.group_lesions.output.images,
        split=rules.split_dataset.output.split,
    output:
        scores="results/<run>/{fold}/segmentation/scores.json",
        table="results/<run>/{fold}/segmentation/scores.csv",
        shown="results/<run>/{fold}/segmentation/mask_scores.csv",
    log:
        "results/<run>/logs/score_masks/{fold}.log",
    benchmark:
        "results/<run>/benchmarks/score_masks/{fold}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 1  # on two cores, two would wait for the trainings
    resources:
        mem_mb=grow(3000),
        runtime=grow(30),
    params:
        code=code("score_masks.py"),
        options=lambda wildcards: pick({}, fold=wildcards.fold),
        root=untracked(DATA_ROOT),
        workers=workers,
    script:
        "../scripts/score_masks.py"


rule segment_images:
    """Write the predicted mask of every photograph of the split."""
    input:
        probabilities=LESION_MAPS.probabilities,
        ids=LESION_MAPS.ids,
        threshold=rules.tune_threshold.output.threshold,
        images=rules.group_lesions.output.images,
    output:
        manifest="results/<run>/{fold}/segmentation/masks/manifest.csv",
    log:
        "results/<run>/logs/segment_images/{fold}.log",
    benchmark:
        "results/<run>/benchmarks/segment_images/{fold}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 1  # on two cores, two would wait for the trainings
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        code=code("segment_images.py"),
        options=pick({}),
        workers=workers,
    script:
        "../scripts/segment_images.py"


rule segmentation:
    """Stop after the segmentation and its scores."""
    input:
        expand(rules.score_masks.output.scores, fold=FOLDS),
        expand(rules.segment_images.output.manifest, fold=FOLDS),
        rules.audit_split.output,
    localrule: True
