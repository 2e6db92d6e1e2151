# What an arm shows, one training for each arm and seed, predictions and scores.
#
# {scope}/images/{arm}/  {scope}/packed/{arm}.npy  {fold}/classification/{arm}/{seed}/
# data/network.json
#
# The scope is a fold, or `data` for what no fold changes.


rule describe_network:
    """Look up the size that the network was made for, where the config names none."""
    output:
        network="results/<run>/data/network.json",
    log:
        "results/<run>/logs/describe_network/describe_network.log",
    benchmark:
        "results/<run>/benchmarks/describe_network/describe_network.tsv"
    localrule: True
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=grow(2000),
        runtime=grow(10),
    params:
        code=code("describe_network.py"),
        options=pick(config["classification"], "model"),
    script:
        "../scripts/describe_network.py"


rule render_arm:
    """Write what an arm shows of every photograph of the classifier, at its own size."""
    input:
        unpack(arm_masks),
        images=rules.group_lesions.output.images,
        split=rules.split_dataset.output.split,
    output:
        manifest="results/<run>/{scope}/images/{arm}/manifest.csv",
    log:
        "results/<run>/logs/render_arm/{scope}.{arm}.log",
    benchmark:
        "results/<run>/benchmarks/render_arm/{scope}.{arm}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 1  # on two cores, two would wait for the trainings
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        code=lambda wildcards: code("render_arm.py", arm=wildcards.arm),
        options=lambda wildcards: pick({}, arm=wildcards.arm, scope=wildcards.scope),
        root=untracked(DATA_ROOT),
        workers=workers,
    script:
        "../scripts/render_arm.py"


rule pack_images:
    """Decode what an arm shows once, at the classifier's size; folds share what they can."""
    input:
        unpack(arm_pictures),
        unpack(own_size),
        images=rules.group_lesions.output.images,
        split=rules.split_dataset.output.split,
    output:
        pixels="results/<run>/{scope}/packed/{arm}.npy",
        index="results/<run>/{scope}/packed/{arm}.csv",
    log:
        "results/<run>/logs/pack_images/{scope}.{arm}.log",
    benchmark:
        "results/<run>/benchmarks/pack_images/{scope}.{arm}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 1  # on two cores, two would wait for the trainings
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        code=code("pack_images.py"),
        options=lambda wildcards: pick(
            config["classification"], "size", arm=wildcards.arm, scope=wildcards.scope
        ),
        root=untracked(DATA_ROOT),
        workers=workers,
    script:
        "../scripts/pack_images.py"


rule train_classifier:
    """Train the classifier of one fold, arm and seed."""
    input:
        unpack(arm_pixels),
        unpack(initial_weights),
        split=rules.split_dataset.output.split,
    output:
        model="results/<run>/{fold}/classification/{arm}/{seed}/model.safetensors",
        history="results/<run>/{fold}/classification/{arm}/{seed}/history.csv",
        training="results/<run>/{fold}/classification/{arm}/{seed}/training.json",
    log:
        "results/<run>/logs/train_classifier/{fold}.{arm}.{seed}.log",
    benchmark:
        "results/<run>/benchmarks/train_classifier/{fold}.{arm}.{seed}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: config["classification"]["threads"]
    resources:
        gpu=1,
        mem_mb=training_memory(2000, 2500, CLASSIFIER_PIXELS),
        runtime=grow(480),
    params:
        code=code("train_classifier.py"),
        options=lambda wildcards: pick(
            config["classification"],
            *CLASSIFIER_KEYS,
            arm=wildcards.arm,
            classes=list(CLASSES),
            fold=wildcards.fold,
            seed=int(wildcards.seed.removeprefix("seed")),
        ),
        state=state_folder("train_classifier"),
    script:
        "../scripts/train_classifier.py"


rule predict_classes:
    """Predict the class probabilities of the validation and test photographs."""
    input:
        unpack(arm_pixels),
        model=rules.train_classifier.output.model,
        split=rules.split_dataset.output.split,
    output:
        predictions="results/<run>/{fold}/classification/{arm}/{seed}/predictions.csv",
    log:
        "results/<run>/logs/predict_classes/{fold}.{arm}.{seed}.log",
    benchmark:
        "results/<run>/benchmarks/predict_classes/{fold}.{arm}.{seed}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: config["classification"]["threads"]
    resources:
        gpu=1,
        mem_mb=grow(4000),
        runtime=grow(30),
    params:
        code=code("predict_classes.py"),
        options=lambda wildcards: pick(
            config["classification"],
            "batch_size",
            "threads",
            "test_time_flips",
            classes=list(CLASSES),
            fold=wildcards.fold,
        ),
    script:
        "../scripts/predict_classes.py"


rule score_classes:
    """Score the test predictions of one training."""
    input:
        predictions=rules.predict_classes.output.predictions,
    output:
        scores="results/<run>/{fold}/classification/{arm}/{seed}/scores.json",
    log:
        "results/<run>/logs/score_classes/{fold}.{arm}.{seed}.log",
    benchmark:
        "results/<run>/benchmarks/score_classes/{fold}.{arm}.{seed}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        code=code("score_classes.py"),
        options=lambda wildcards: pick(
            config["comparison"],
            "confidence",
            "replicates",
            "specificity",
            arm=wildcards.arm,
            bootstrap_seed=config["comparison"]["seed"],
            fold=wildcards.fold,
            seed=wildcards.seed,
            **outcome(),
        ),
    script:
        "../scripts/score_classes.py"


rule classification:
    """Stop after the classifiers and their scores."""
    input:
        per_run(rules.score_classes.output.scores),
    localrule: True
