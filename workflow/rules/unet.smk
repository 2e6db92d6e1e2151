# The reference's U-Net on Keras: segmentation.model is `unet`.
#
# {fold}/segmentation/


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
            config["segmentation"], *UNET_KEYS, fold=wildcards.fold
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
        options=pick(
            config["segmentation"],
            "backend",
            "threads",
            "batch_size",
            "test_time_flips",
        ),
    script:
        "../scripts/predict_masks.py"


SEGMENTER, LESION_MAPS = rules.train_unet.output, rules.predict_masks.output
