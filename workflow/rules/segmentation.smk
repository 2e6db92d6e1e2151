# Packed pairs to U-Net to threshold to masks.
#
# data/packed/unet.npy  {fold}/segmentation/


rule pack_segmentation:
    """Decode every photograph and mask of the split once, at U-Net size."""
    input:
        images=rules.group_lesions.output.images,
        split=rules.split_dataset.output.split,
    output:
        pixels="results/<run>/data/packed/unet.npy",
        masks="results/<run>/data/packed/unet_masks.npy",
        index="results/<run>/data/packed/unet.csv",
    log:
        "results/<run>/logs/pack_segmentation/pack_segmentation.log",
    benchmark:
        "results/<run>/benchmarks/pack_segmentation/pack_segmentation.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 2
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        code=code("pack_segmentation.py"),
        options=pick(config["segmentation"], "height", "width"),
        root=untracked(DATA_ROOT),
        workers=workers,
    script:
        "../scripts/pack_segmentation.py"


rule train_unet:
    """Train the U-Net of one fold and keep one epoch of it."""
    input:
        pixels=rules.pack_segmentation.output.pixels,
        masks=rules.pack_segmentation.output.masks,
        index=rules.pack_segmentation.output.index,
        split=rules.split_dataset.output.split,
    output:
        weights="results/<run>/{fold}/segmentation/unet.weights.h5",
        history="results/<run>/{fold}/segmentation/history.csv",
        training="results/<run>/{fold}/segmentation/training.json",
    log:
        "results/<run>/logs/train_unet/{fold}.log",
    benchmark:
        "results/<run>/benchmarks/train_unet/{fold}.tsv"
    conda:
        UNET_ENVIRONMENT
    threads: config["segmentation"]["threads"]
    resources:
        gpu=1,
        mem_mb=training_memory(
            *UNET_MEMORY[config["segmentation"]["backend"]], UNET_PIXELS
        ),
        runtime=grow(240),
    params:
        code=code("train_unet.py", config["segmentation"]["backend"]),
        options=lambda wildcards: pick(
            config["segmentation"], *config["segmentation"], fold=wildcards.fold
        ),
        state=state_folder("train_unet"),
    script:
        "../scripts/train_unet.py"


rule predict_masks:
    """Predict the probability of lesion for every photograph of the split."""
    input:
        weights=rules.train_unet.output.weights,
        pixels=rules.pack_segmentation.output.pixels,
        index=rules.pack_segmentation.output.index,
    output:
        probabilities="results/<run>/{fold}/segmentation/probabilities.npy",
        ids="results/<run>/{fold}/segmentation/probabilities.csv",
    log:
        "results/<run>/logs/predict_masks/{fold}.log",
    benchmark:
        "results/<run>/benchmarks/predict_masks/{fold}.tsv"
    conda:
        UNET_ENVIRONMENT
    threads: config["segmentation"]["threads"]
    resources:
        gpu=1,
        mem_mb=grow(6000),
        runtime=grow(60),
    params:
        code=code("predict_masks.py", config["segmentation"]["backend"]),
        options=pick(config["segmentation"], "backend", "threads", "batch_size"),
    script:
        "../scripts/predict_masks.py"


rule tune_threshold:
    """Choose the threshold of the highest mean Jaccard on validation."""
    input:
        probabilities=rules.predict_masks.output.probabilities,
        ids=rules.predict_masks.output.ids,
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
        probabilities=rules.predict_masks.output.probabilities,
        ids=rules.predict_masks.output.ids,
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
        probabilities=rules.predict_masks.output.probabilities,
        ids=rules.predict_masks.output.ids,
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
