# What a user asks of the bundle.
#
# model/  predictions/

BUNDLE = rules.build_bundle.output.manifest if HAS_BUNDLE else []


rule model:
    """Stop after the bundle."""
    input:
        wanted_model,
    localrule: True


rule predict:
    """Predict on the new photographs that the config names."""
    input:
        new_predictions,
    localrule: True
