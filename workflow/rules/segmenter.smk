# A segmenter on torch: segmentation.model is `smp/<architecture>`.
#
# {fold}/segmentation/


rule train_segmenter:
    """Train the segmenter of one fold on torch and keep one epoch of it."""
    input:
        pixels=rules.pack_segmentation.output.pixels,
        masks=rules.pack_segmentation.output.masks,
        index=rules.pack_segmentation.output.index,
        split=rules.split_dataset.output.split,
    output:
        weights="results/<run>/{fold}/segmentation/segmenter.safetensors",
        history="results/<run>/{fold}/segmentation/history.csv",
        training="results/<run>/{fold}/segmentation/training.json",
    log:
        "results/<run>/logs/train_segmenter/{fold}.log",
    benchmark:
        "results/<run>/benchmarks/train_segmenter/{fold}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: config["segmentation"]["threads"]
    resources:
        gpu=1,
        mem_mb=training_memory(*UNET_MEMORY["torch"], UNET_PIXELS),
        runtime=grow(240),
    params:
        code=code("train_segmenter.py", "segmentation_models_pytorch"),
        options=lambda wildcards: pick(
            config["segmentation"], *SEGMENTER_KEYS, fold=wildcards.fold
        ),
        state=state_folder("train_segmenter"),
    script:
        "../scripts/train_segmenter.py"


rule predict_lesions:
    """Predict the probability of lesion for every photograph of the split, on torch."""
    input:
        weights=rules.train_segmenter.output.weights,
        pixels=rules.pack_segmentation.output.pixels,
        index=rules.pack_segmentation.output.index,
    output:
        probabilities="results/<run>/{fold}/segmentation/probabilities.npy",
        ids="results/<run>/{fold}/segmentation/probabilities.csv",
    log:
        "results/<run>/logs/predict_lesions/{fold}.log",
    benchmark:
        "results/<run>/benchmarks/predict_lesions/{fold}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: config["segmentation"]["threads"]
    resources:
        gpu=1,
        mem_mb=grow(6000),
        runtime=grow(60),
    params:
        code=code("predict_lesions.py", "segmentation_models_pytorch"),
        options=pick(config["segmentation"], "threads", "batch_size", "test_time_flips"),
    script:
        "../scripts/predict_lesions.py"


SEGMENTER, LESION_MAPS = rules.train_segmenter.output, rules.predict_lesions.output
