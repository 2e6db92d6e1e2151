# Pairs of photograph and mask, packed for the network that learns to find lesions.
#
# data/packed/unet.npy


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
